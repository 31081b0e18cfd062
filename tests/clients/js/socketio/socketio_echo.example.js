'use strict';
// examples/socketio_echo.rs, as the conformance suites of Engine.IO 4 and Socket.IO 5 meet it: what they ask for, case by case.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { LASTING: ECHO, onEveryTransport, within, connected, askAll } = require('./sockets');
const { Poller, dial, opened, refused, request, code } = require('./wire');

/** The endpoint that sends every message back, without Socket.IO above it. */
const ENGINE = `${ECHO}/engine.io/`;

const HANDSHAKE = { pingInterval: 300, pingTimeout: 200, maxPayload: 1_000_000 };

/** The next frame of a WebSocket that is no ping; those are answered. */
function next(line) {
  const arrives = async () => {
    let frame = await line.next();
    for (; frame === '2'; frame = await line.next()) line.send('3');
    return frame;
  };
  return within(arrives(), 'a frame that is no ping');
}

async function take(line, count) {
  const frames = [];
  while (frames.length < count) frames.push(await next(line));
  return frames;
}

/** The next packets of a session that polls, however many bodies they take. */
async function poll(poller, count) {
  const packets = [];
  while (packets.length < count) {
    const packet = await poller.packet();
    if (packet === '2') await poller.push('3');
    else packets.push(packet);
  }
  return packets;
}

/**
 * A new session that polls, and what a story says that a poll of it brought. Where that was a ping, because the machine had
 * more to do, the story is told again.
 */
async function undisturbed(base, story) {
  for (let tries = 1; ; tries += 1) {
    const poller = await Poller.open({ base });
    const polled = await story(poller);
    if (polled.body !== '2' || tries === 5) return { poller, ...polled };
  }
}

/** A WebSocket that joined a namespace and took the event `auth`, whose argument it must be. */
async function joined(prefix = '', payload = '') {
  const line = await opened();
  await join(line, prefix, payload);
  return line;
}

async function join(line, prefix, payload) {
  line.send(`40${prefix}${payload}`);
  const reply = await next(line);
  assert.ok(reply.startsWith(`40${prefix}{`), reply);
  const told = JSON.parse(reply.slice(2 + prefix.length));
  assert.deepEqual(Object.keys(told), ['sid']);
  assert.equal(typeof told.sid, 'string');
  assert.equal(await next(line), `42${prefix}["auth",${payload || '{}'}]`);
}

for (const [name, base] of [['engine.io', ENGINE], ['socket.io', ECHO]]) {
  test(`${name}: a session begins with what it needs to know`, async () => {
    const { sid, ...polled } = (await Poller.open({ base })).handshake;
    assert.deepEqual(polled, { upgrades: ['websocket'], ...HANDSHAKE });
    const { sid: other, ...rest } = (await opened({ base })).handshake;
    assert.deepEqual(rest, { upgrades: [], ...HANDSHAKE });
    assert.ok(typeof sid === 'string' && typeof other === 'string' && sid !== other);
  });

  test(`${name}: requests that make no sense are refused`, async () => {
    const bare = (query) => fetch(`${base.replace(/\/$/, '')}${base === ENGINE ? '' : '/socket.io'}/?${query}`);
    for (const query of ['transport=polling', 'EIO=abc&transport=polling', 'EIO=4', 'EIO=4&transport=abc']) {
      assert.equal((await bare(query)).status, 400, query);
    }
    for (const method of ['POST', 'PUT']) {
      assert.deepEqual(await code(request({ transport: 'polling' }, { base, method })), [400, 2]);
    }
    for (const query of [{ EIO: 'abc' }, { transport: 'abc' }]) {
      assert.equal((await refused(query, { base })).status, 400);
    }
  });

  test(`${name}: pings come one after the other, by polling and by WebSocket`, async () => {
    const line = await opened({ base });
    for (let beat = 0; beat < 3; beat += 1) {
      assert.equal(await line.next(), '2');
      line.send('3');
    }
    const poller = await Poller.open({ base });
    for (let beat = 0; beat < 3; beat += 1) {
      assert.equal(await poller.packet(), '2');
      await poller.push('3');
    }
  });

  test(`${name}: who answers no ping is closed`, async () => {
    await (await opened({ base })).close();
    const poller = await Poller.open({ base });
    assert.equal(await poller.packet(), '2');
    const { status, body } = await poller.poll();
    if (status === 200) assert.equal(body, '1');
    await poller.gone();
  });

  test(`${name}: a client ends its session`, async () => {
    const { poller, status, body } = await undisturbed(base, async (session) => {
      const [polled] = await Promise.all([session.poll(), session.push('1')]);
      return polled;
    });
    assert.deepEqual([status, body], [200, '6']);
    await poller.gone();
    const line = await opened({ base });
    line.send('1');
    await line.close();
  });

  test(`${name}: a session moves to a WebSocket, and nothing can take it from there`, async () => {
    const { poller, line, body } = await undisturbed(base, async (session) => {
      const candidate = await dial({ sid: session.handshake.sid }, { base });
      candidate.send('2probe');
      assert.equal(await candidate.next(), '3probe');
      return { line: candidate, ...await session.poll() };
    });
    assert.equal(body, '6');
    line.send('5');
    const echoes = async () => {
      line.send(base === ENGINE ? '4hello' : '40');
      assert.match(await next(line), base === ENGINE ? /^4hello$/ : /^40\{"sid":/);
    };
    await echoes();
    assert.equal((await poller.poll()).status, 400);
    const second = await dial({ sid: poller.handshake.sid }, { base });
    await second.close();
    if (base === ENGINE) await echoes();
  });
}

test('engine.io: what is posted comes back by polling', async () => {
  for (const payload of ['4hello', '4test1\x1e4test2\x1e4test3', '4hello\x1ebAQIDBA==']) {
    const poller = await Poller.open({ base: ENGINE });
    const packets = payload.split('\x1e');
    await poller.push(payload);
    assert.deepEqual(await poll(poller, packets.length), packets);
  }
});

test('engine.io: what is sent comes back over the WebSocket', async () => {
  const line = await opened({ base: ENGINE });
  const bytes = Buffer.from([1, 2, 3, 4]);
  line.send('4hello', bytes, `4${'x'.repeat(100_000)}`);
  assert.deepEqual(await take(line, 3), ['4hello', bytes, `4${'x'.repeat(100_000)}`]);
});

test('engine.io: what is no packet ends the session', async () => {
  const [poller, line] = [await Poller.open({ base: ENGINE }), await opened({ base: ENGINE })];
  await poller.post('abc');
  await poller.gone();
  line.send('abc');
  await line.close();
});

test('engine.io: a second poll ends both, and the session', async () => {
  const { poller, status, body, second } = await undisturbed(ENGINE, async (session) => {
    const polls = await Promise.all([session.poll(), session.poll()]);
    const [first, other] = polls.sort((one, another) => one.status - another.status);
    return { ...first, second: other.status };
  });
  assert.deepEqual([status, body, second], [200, '1', 400]);
  await poller.gone();
});

test('engine.io: a poll that its client gave up ends the session', async () => {
  const poller = await Poller.open({ base: ENGINE });
  const giveUp = new AbortController();
  const waiting = poller.poll({ signal: giveUp.signal });
  // The answer to this shows that the poll before it is there.
  await poller.push('3');
  giveUp.abort();
  await assert.rejects(waiting);
  let answer;
  // Each of them keeps the session, if it is there.
  do answer = await poller.post('3'); while (answer.status === 200);
  assert.equal(JSON.parse(answer.body).code, 1);
});

test('socket.io: who joins a namespace is told what it said', async () => {
  await joined();
  await joined('', '{"token":"123"}');
  await joined('/custom,');
  await joined('/custom,', '{"token":"abc"}');
});

test('socket.io: there is no other namespace', async () => {
  const line = await opened();
  line.send('40/random');
  assert.equal(await next(line), '44/random,{"message":"Invalid namespace"}');
});

test('socket.io: who joins no namespace in time is closed', async () => {
  const line = await opened();
  await assert.rejects(next(line), /closed/);
});

test('socket.io: what leaves one namespace leaves the others alone', async () => {
  const line = await joined();
  await join(line, '/custom,', '');
  line.send('41/custom', '42["message","message to main namespace"]');
  assert.equal(await next(line), '42["message-back","message to main namespace"]');
  line.send('41');
  assert.equal(await line.next(), '2');
});

test('socket.io: messages come back, with what is attached to them', async () => {
  const line = await joined();
  const bytes = [Buffer.from([1, 2, 3]), Buffer.from([4, 5, 6])];
  const holders = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}';
  line.send('42["message",1,"2",{"3":[true]}]');
  assert.equal(await next(line), '42["message-back",1,"2",{"3":[true]}]');
  line.send('42456["message-with-ack",1,"2",{"3":[false]}]');
  assert.equal(await next(line), '43456[1,"2",{"3":[false]}]');
  line.send(`452-["message",${holders}]`, ...bytes);
  assert.deepEqual(await take(line, 3), [`452-["message-back",${holders}]`, ...bytes]);
  line.send(`452-789["message-with-ack",${holders}]`, ...bytes);
  assert.deepEqual(await take(line, 3), [`462-789[${holders}]`, ...bytes]);
});

test('socket.io: what cannot be read ends the connection', async () => {
  const early = await opened();
  early.send('4abc');
  await early.close();
  for (const packet of ['4abc', '42{}', '42abc["message-with-ack",1,"2",{"3":[false]}]']) {
    const line = await joined();
    line.send(packet);
    await assert.rejects(next(line), /closed/, packet);
  }
});

onEveryTransport('socket.io: the real client has its messages back', async (via) => {
  for (const nsp of ['/', '/custom']) {
    const socket = await connected({ ...via, nsp, auth: { token: '123' } });
    assert.deepEqual(socket.greeting, { token: '123' });
    const args = [null, 'é', { deep: [1.5, Buffer.from([0, 255])] }, Buffer.from([1])];
    socket.emit('message', ...args);
    assert.deepEqual(await socket.log.next('message-back'), args);
    assert.deepEqual(await askAll(socket, 'message-with-ack', ...args), args);
  }
});
