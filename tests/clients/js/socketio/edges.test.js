'use strict';
// Every row of the edge tables: what ends a connection, what is ignored, and that no other client notices.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { BRISK, ours, connected, ask, ownNamespace, unique } = require('./sockets');
const { opened, joined, join, Poller } = require('./wire');

const BYTES = Buffer.from([1]);
const placeholder = (num) => `{"_placeholder":true,"num":${num}}`;

/** What ends a connection that joined "/": frames by name. */
const ENDS = {
  'an event with an empty array': ['42[]'],
  'an event that is an object': ['42{}'],
  'an event named null': ['42[null]'],
  'an event named true': ['42[true]'],
  'an event named by an object': ['42[{"a":1}]'],
  'an event whose text breaks off': ['42["a'],
  'an event with letters before it': ['42abc["m"]'],
  'an event with letters after it': ['42["m",1]x'],
  'an event that is no JSON': ['42[bad'],
  'an acknowledgement that is an object': ['430{}'],
  'an acknowledgement that is a text': ['430"a"'],
  'a disconnect with a payload': ['41{"a":1}'],
  'a CONNECT_ERROR of a client': ['44{"message":"x"}'],
  'packet type 7': ['47'],
  'packet type 9': ['49'],
  'a packet without a type': ['4'],
  'a packet with a letter as type': ['4a'],
  'engine packet type 7': ['7'],
  'engine packet type a': ['abc'],
  'an empty frame': [''],
  'a CONNECT with an array': ['40/custom,[]'],
  'a CONNECT with a text': ['40/custom,"a"'],
  'a CONNECT with null': ['40/custom,null'],
  'a CONNECT with true': ['40/custom,true'],
  'a CONNECT that is no JSON': ['40/custom,{'],
  'a second CONNECT': ['40'],
  'an event to a namespace it is not in': ['42/custom,["m"]'],
  'an event to a namespace with a query': ['42/custom?x=1,["m"]'],
  'an acknowledgement to a namespace it is not in': ['43/custom,0[]'],
  'binary without a dash': ['451["m"]'],
  'a negative number of attachments': ['45-1-["m"]'],
  'half an attachment more': ['451.5-["m"]'],
  'attachments without a number': ['45-["m"]'],
  'attachments counted in letters': ['45x-["m"]'],
  'more attachments than ten': [`4511-["m",${placeholder(0)}]`],
  'a text while binary is awaited': [`451-["message",${placeholder(0)}]`, '42["message"]'],
  'binary that nobody announced': [BYTES],
  'binary after an event without': ['42["message",1]', BYTES],
  'more binary than announced': [`451-["message",${placeholder(0)}]`, BYTES, BYTES],
  'a placeholder out of range': [`451-["message",${placeholder(1)}]`, BYTES],
  'a negative placeholder': [`451-["message",${placeholder(-1)}]`, BYTES],
  'a placeholder without a number': ['451-["message",{"_placeholder":true}]', BYTES],
  'a ping of a client': ['2'],
  'a probe on a websocket that is established': ['2probe'],
};

for (const name of ['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener']) {
  ENDS[`an event with the reserved name ${name}`] = [`42["${name}","x"]`];
}

for (const [name, frames] of Object.entries(ENDS)) {
  test(`${name} ends the connection`, async () => {
    const line = await joined();
    line.send(...frames);
    assert.equal(await line.close(), 1005);
    const answers = line.frames.filter((frame) => typeof frame === 'string' && !frame.includes('"message-back"'));
    assert.deepEqual(answers, []);
  });
}

/** What ends a connection that joined no namespace yet. */
const ENDS_EARLY = {
  'a CONNECT with an array': ['40[]'],
  'a CONNECT with a text': ['40"a"'],
  'a CONNECT with null': ['40null'],
  'an event before CONNECT': ['42["x"]'],
  'an acknowledgement before CONNECT': ['430[]'],
  'binary before CONNECT': [BYTES],
};

for (const [name, frames] of Object.entries(ENDS_EARLY)) {
  test(`${name} ends a connection that is in no namespace`, async () => {
    const line = await opened();
    line.send(...frames);
    assert.equal(await line.close(), 1005);
  });
}

// The original ignores it over a WebSocket; the protocol's own suite does not.
ours('an engine close ends the connection', async () => {
  const line = await joined();
  line.send('1');
  assert.equal(await line.close(), 1005);
});

// With the original it depends on whether they come in one segment.
ours('two CONNECTs at once end the connection', async () => {
  const line = await opened();
  line.send('40', '40');
  assert.equal(await line.close(), 1005);
});

/** What is ignored, or does what it says. */
const FINE = {
  'an event without a payload': ['42'],
  'an event without a payload that wants an acknowledgement': ['425'],
  'an event with a number as name': ['42[1]'],
  'an event with a number as name and arguments': ['42[5,1]'],
  'an event with an empty name': ['42[""]'],
  'an event with half a surrogate pair as name': ['42["\\ud800",1]'],
  'an acknowledgement without a number': ['43[1]'],
  'an acknowledgement of nothing': ['4399[1]'],
  'an acknowledgement of nothing with binary': [`461-99[${placeholder(0)}]`, BYTES],
  'an unsolicited pong': ['3'],
  'an open packet of a client': ['0'],
  'an upgrade packet on an established websocket': ['5'],
  'a noop of a client': ['6'],
  'ten attachments': [`4510-["x",${placeholder(9)}]`, ...Array(10).fill(BYTES)],
};

for (const [name, frames] of Object.entries(FINE)) {
  test(`${name} is ignored`, async () => {
    const line = await joined();
    line.send(...frames);
    await line.alive();
  });
}

test('attachments that are slow to come hold up no heartbeat, and complete their event when they come', async () => {
  const line = await joined({ base: BRISK });
  line.send(`451-7["message-with-ack",${placeholder(0)}]`);
  for (let beat = 0; beat < 2; beat += 1) {
    assert.equal(await line.next(), '2');
    line.send('3');
  }
  line.send(BYTES);
  let answer = await line.next();
  for (; answer === '2'; answer = await line.next()) line.send('3');
  assert.equal(answer, `461-7[${placeholder(0)}]`);
  assert.deepEqual(await line.next(), BYTES);
});

/** The next frame, or undefined if the connection closes before. */
const answerOrClose = (line) => line.next().catch(() => undefined);

test('an event for a namespace it left is ignored or ends the connection, and nobody acts on it', async () => {
  const nsp = ownNamespace();
  const watcher = await connected({ nsp });
  const line = await joined({ nsp });
  line.send(`41${nsp},`, `42${nsp},["all",{"event":"ghost"}]`, '40');
  await answerOrClose(line);
  await ask(watcher, 'all', { event: 'mark' });
  assert.deepEqual(await watcher.log.until('mark'), []);
});

test('who left a namespace may join it again, with a new id', async () => {
  const [nsp, name] = [ownNamespace(), unique()];
  const watcher = await connected({ nsp });
  await ask(watcher, 'join', [`watch-${name}`]);
  const line = await joined({ nsp, auth: { name } });
  const { sid } = line;
  line.send(`41${nsp},`);
  await watcher.log.next('left');
  await join(line, nsp);
  assert.notEqual(line.sid, sid);
  await line.alive(`${nsp},`);
});

// With the original it depends on whether they come in one segment.
ours('who leaves a namespace may join it again at once', async () => {
  const line = await joined();
  line.send('41');
  await join(line);
  await line.alive();
});

test('a CONNECT with a number joins: it is an acknowledgement number, which nobody wants', async () => {
  const line = await opened();
  line.send('40/custom,1');
  assert.match(await line.next(), /^40\/custom,\{"sid"/);
});

test('who left all namespaces keeps its connection', async () => {
  const line = await joined({ base: BRISK });
  line.send('41');
  for (let beat = 0; beat < 4; beat += 1) {
    assert.equal(await line.next(), '2');
    line.send('3');
  }
  await join(line);
});

test('a leave of a namespace it is not in is answered with silence or a close, and harms nobody', async () => {
  const line = await joined();
  line.send('41/custom,', '421["message-with-ack"]');
  const answer = await answerOrClose(line);
  assert.ok(['431[]', undefined].includes(answer), answer);
});

test('a connection that asks for no namespace in time is closed', async () => {
  const line = await opened({ base: BRISK });
  line.socket.on('message', (message) => { if (message.toString() === '2') line.send('3'); });
  assert.equal(await line.close(), 1005);
});

test('a connection that was refused and asks for no other namespace in time is closed', async () => {
  const line = await opened({ base: BRISK });
  line.socket.on('message', (message) => { if (message.toString() === '2') line.send('3'); });
  line.send('40{"deny":true}');
  assert.equal(await line.close(), 1005);
});

test('a connection that polls and asks for no namespace in time is closed', async () => {
  const poller = await Poller.open({ base: BRISK });
  for (;;) {
    const { status, body } = await poller.poll();
    if (status === 400 || body === '1') break;
    assert.equal(status, 200);
    await poller.post('3');
  }
});

/** Why others are told that this connection is gone. */
const REASONS = [
  ['forced close', 'a second CONNECT', (line, nsp) => line.send(`40${nsp},`)],
  ['forced close', 'a broken event', (line, nsp) => line.send(`42${nsp},[bad`)],
  ['forced close', 'an unknown type', (line) => line.send('49')],
  ['forced close', 'a reserved name', (line, nsp) => line.send(`42${nsp},["disconnect","x"]`)],
  ['client namespace disconnect', 'a disconnect', (line, nsp) => line.send(`41${nsp},`)],
  ['transport close', 'a lost connection', (line) => line.socket.terminate()],
  ['transport close', 'a WebSocket close', (line) => line.socket.close()],
  ['server namespace disconnect', 'a disconnect of the server',
    (line, nsp) => line.send(`42${nsp},["disconnect-me",false]`)],
  ['server namespace disconnect', 'a disconnect of all',
    (line, nsp) => line.send(`42${nsp},["disconnect-me",true]`)],
];

for (const [reason, name, act] of REASONS) {
  test(`after ${name} the reason is '${reason}'`, async () => {
    const nsp = ownNamespace();
    const watcher = await connected({ nsp, transports: ['websocket'] });
    const auth = { name: unique() };
    await ask(watcher, 'join', [`watch-${auth.name}`]);
    const line = await joined({ nsp, auth });
    act(line, nsp);
    assert.deepEqual(await watcher.log.next('left'), [auth.name, reason]);
  });
}

test('no other client notices what ended those connections', async () => {
  const other = await joined();
  for (const frames of Object.values(ENDS)) {
    const line = await joined();
    line.send(...frames);
    await line.close();
  }
  await other.alive();
});
