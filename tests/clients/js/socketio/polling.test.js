'use strict';
// Long polling: requests, statuses and bodies.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { LASTING, BRISK, ours } = require('./sockets');
const { Poller, request, code, refused, dial, engineUrl } = require('./wire');

const polling = { transport: 'polling' };

test('the handshake is plain text that nobody keeps', async () => {
  const { status, headers, body } = await request(polling);
  assert.equal(status, 200);
  assert.equal(headers.get('content-type').toLowerCase(), 'text/plain; charset=utf-8');
  assert.equal(headers.get('cache-control'), 'no-store');
  assert.equal(Number(headers.get('content-length')), Buffer.byteLength(body));
});

test('a payload that was taken is answered with ok', async () => {
  const poller = await Poller.join();
  const { status, headers, body } = await poller.post('42["message"]');
  assert.deepEqual([status, body], [200, 'ok']);
  assert.deepEqual([headers.get('content-type'), headers.get('cache-control')], ['text/html', 'no-store']);
});

for (const [name, query, init, expected] of [
  ['no transport', {}, {}, [400, 0]],
  ['an unknown transport', { transport: 'abc' }, {}, [400, 0]],
  ['a transport named like a property of all objects', { transport: 'constructor' }, {}, [400, 0]],
  ['webtransport', { transport: 'webtransport' }, {}, [400, 0]],
  ['an unknown transport and an unknown session', { transport: 'abc', sid: 'x' }, {}, [400, 0]],
  ['an unknown session', { transport: 'polling', sid: 'unknown' }, {}, [400, 1]],
  ['a session named __proto__', { transport: 'polling', sid: '__proto__' }, {}, [400, 1]],
  ['a POST to an unknown session', { transport: 'polling', sid: 'unknown' }, { method: 'POST', body: '3' }, [400, 1]],
  ['a handshake with POST', polling, { method: 'POST', body: '40' }, [400, 2]],
  ['a handshake with PUT', polling, { method: 'PUT', body: '40' }, [400, 2]],
  ['a websocket without an upgrade', { transport: 'websocket' }, {}, [400, 3]],
  ['protocol 3', { ...polling, EIO: 3 }, {}, [400, 5]],
  ['protocol 5', { ...polling, EIO: 'abc' }, {}, [400, 5]],
]) {
  test(`${name} is refused`, async () => {
    assert.deepEqual(await code(request(query, init)), expected);
  });
}

test('a refusal is JSON with its message', async () => {
  for (const [query, body] of [
    [{ transport: 'abc' }, '{"code":0,"message":"Transport unknown"}'],
    [{ ...polling, sid: 'x' }, '{"code":1,"message":"Session ID unknown"}'],
    [{ transport: 'websocket' }, '{"code":3,"message":"Bad request"}'],
    [{ ...polling, EIO: 3 }, '{"code":5,"message":"Unsupported protocol version"}'],
  ]) {
    const answer = await request(query);
    assert.equal(answer.body, body);
    assert.equal(answer.headers.get('content-type'), 'application/json');
  }
  const { body } = await request(polling, { method: 'POST', body: 'x' });
  assert.equal(body, '{"code":2,"message":"Bad handshake method"}');
});

test('a request without a protocol version is refused', async () => {
  const response = await fetch(`${LASTING}/socket.io/?transport=polling`);
  assert.deepEqual([response.status, (await response.json()).code], [400, 5]);
});

for (const path of ['/socket.io?EIO=4&transport=polling', '/other/?EIO=4&transport=polling', '/socket.iox/?EIO=4']) {
  test(`${path} is not found`, async () => {
    const response = await fetch(`${LASTING}${path}`);
    await response.text();
    assert.equal(response.status, 404);
  });
}

test('unknown keys of the query are ignored', async () => {
  assert.equal((await request({ ...polling, t: 'abc.1', b64: 1, user: 'x' })).status, 200);
});

test('a websocket to an unknown session is refused before it opens', async () => {
  assert.deepEqual(await refused({ sid: 'unknown' }), { status: 400, body: 'Session ID unknown' });
  assert.deepEqual(await refused({ transport: 'abc' }), { status: 400, body: 'Transport unknown' });
});

test('a websocket of another protocol version does not stay', async () => {
  const line = await dial({ EIO: 3 }).catch(() => undefined);
  if (line) await line.close();
});

test('a websocket request on a session that polls is refused', async () => {
  const poller = await Poller.join();
  const query = { transport: 'websocket', sid: poller.handshake.sid };
  assert.deepEqual(await code(request(query)), [400, 3]);
  await poller.alive();
});

test('packets that wait come in one answer', async () => {
  const poller = await Poller.join();
  await poller.push('42["message",1]\x1e42["message",2]');
  await poller.push('42["message",3]');
  const got = [];
  while (got.length < 3) got.push(await poller.packet());
  assert.deepEqual(got, [1, 2, 3].map((number) => `42["message-back",${number}]`));
});

test('a poll waits until there is something', async () => {
  const poller = await Poller.join();
  const waiting = poller.poll();
  await poller.push('421["slow",50]');
  assert.equal((await waiting).body, '431[50]');
});

test('two polls at once end the session', async () => {
  const poller = await Poller.join();
  const answers = await Promise.all([poller.poll(), poller.poll()]);
  const statuses = answers.map(({ status }) => status).sort();
  assert.ok(statuses[0] === 200 && [400, 500].includes(statuses[1]), `${statuses}`);
  assert.equal(answers.find(({ status }) => status === 200).body, '1');
  await poller.gone();
});

test('a poll that its client gives up ends the session', async () => {
  const poller = await Poller.join();
  const giveUp = new AbortController();
  const waiting = poller.poll({ signal: giveUp.signal });
  // The answer to this shows that the poll before it is there.
  await poller.push('42["data-set",1]');
  giveUp.abort();
  await assert.rejects(waiting);
  for (;;) {
    const { status, body } = await poller.post('3');
    if (status === 200) continue;
    assert.equal(JSON.parse(body).code, 1);
    break;
  }
});

test('a close answers the waiting poll, and ends the session', async () => {
  const poller = await Poller.join();
  const waiting = poller.poll();
  // The answer to this shows that the poll before it is there.
  await poller.push('42["data-set",1]');
  await poller.push('1');
  const { status, body } = await waiting;
  assert.deepEqual([status, body], [200, '6']);
  await poller.gone();
});

for (const [name, body] of [
  ['an unknown engine packet', 'abc'],
  ['an unknown packet', '4abc'],
  ['an empty body', ''],
  ['a ping', '2'],
  ['a separator at the end', '3\x1e'],
  ['a separator alone', '\x1e'],
  ['two separators', '3\x1e\x1e3'],
  ['a second CONNECT', '40'],
  ['a reserved name', '42["connect"]'],
  ['a text while binary is awaited', '451-["m",{"_placeholder":true,"num":0}]\x1e42["m"]'],
  ['binary that nobody announced', 'bAQID'],
]) {
  test(`${name} in a payload ends the session`, async () => {
    const poller = await Poller.join();
    const { status } = await poller.post(body).catch(() => ({ status: 400 }));
    assert.ok([200, 400].includes(status));
    await (async () => {
      for (;;) {
        const answer = await poller.poll();
        if (answer.status === 400) return;
        assert.match(answer.body, /(^|\x1e)[16]$/);
      }
    })();
    await poller.gone();
  });
}

test('what comes before a bad packet counts, what comes after does not', async () => {
  const poller = await Poller.join();
  const waiting = poller.poll();
  await poller.post('421["message-with-ack","before"]\x1eabc\x1e422["message-with-ack","after"]').catch(() => {});
  const seen = [(await waiting).body];
  for (;;) {
    const { status, body } = await poller.poll();
    if (status !== 200) break;
    seen.push(body);
  }
  assert.ok(!seen.join('\x1e').includes('after'), seen.join(' '));
});

test('a payload over the limit is 413', async () => {
  const poller = await Poller.open({ base: BRISK });
  const { status } = await poller.post('4'.repeat(1_000_001));
  assert.equal(status, 413);
});

test('a payload of octets is refused', async () => {
  const poller = await Poller.join();
  const headers = { 'content-type': 'application/octet-stream' };
  assert.equal((await poller.post(Buffer.from('40'), { headers })).status, 400);
});

for (const method of ['PUT', 'DELETE', 'PATCH']) {
  test(`${method} to a session is refused`, async () => {
    const poller = await Poller.join();
    const { status } = await request(poller.query, { method, body: method === 'DELETE' ? undefined : '3' });
    assert.ok(status >= 400, `${status}`);
  });
}

test('a disconnect of the server reaches who polls', async () => {
  const poller = await Poller.join();
  await poller.push('42["disconnect-me",false]');
  assert.equal(await poller.packet(), '41');
});

test('a close of the server comes after what waited', async () => {
  const poller = await Poller.join();
  await poller.push('42["message",1]\x1e42["disconnect-me",true]');
  const got = [];
  while (got.at(-1) !== '1') got.push(await poller.packet());
  assert.deepEqual(got.filter((packet) => packet !== '6'), ['42["message-back",1]', '41', '1']);
  await poller.gone();
});

const PAGE = 'https://app.example';

test('a page of a permitted origin may call', async () => {
  for (const [query, status] of [[polling, 200], [{ transport: 'abc' }, 400], [{ ...polling, sid: 'x' }, 400]]) {
    const answer = await request(query, { base: BRISK, headers: { origin: PAGE } });
    assert.equal(answer.status, status);
    assert.equal(answer.headers.get('access-control-allow-origin'), PAGE);
    assert.equal(answer.headers.get('access-control-allow-credentials'), 'true');
    assert.match(answer.headers.get('vary'), /origin/i);
  }
});

test('a page of a permitted origin asks before it calls', async () => {
  const asks = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-one,x-two' };
  const headers = { origin: PAGE, ...asks };
  const { status, headers: answer, body } = await request(polling, { base: BRISK, method: 'OPTIONS', headers });
  assert.deepEqual([status, body], [204, '']);
  assert.equal(answer.get('access-control-allow-origin'), PAGE);
  assert.equal(answer.get('access-control-allow-credentials'), 'true');
  assert.equal(answer.get('access-control-allow-headers'), 'x-one,x-two');
  for (const method of ['GET', 'POST']) assert.ok(answer.get('access-control-allow-methods').includes(method));
  assert.match(answer.get('vary'), /access-control-request-headers/i);
});

test('without cors no page is told that it may call', async () => {
  const response = await fetch(engineUrl(polling));
  await response.text();
  assert.equal(response.headers.get('access-control-allow-origin'), null);
});

ours('a page of another origin is forbidden', async () => {
  const headers = { origin: 'https://evil.example' };
  assert.deepEqual(await code(request(polling, { headers })), [403, 4]);
  assert.deepEqual(await code(request(polling, { base: BRISK, headers })), [403, 4]);
  assert.equal((await refused({}, { origin: 'https://evil.example' })).status, 403);
});
