'use strict';
// Pings, pongs, and what becomes of who keeps silent. The brisk fixture pings every 300 ms and waits 200 ms.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { BRISK, onEveryTransport, connected, ask, told, ownNamespace, unique } = require('./sockets');
const { opened, joined, dial, request, code, Poller } = require('./wire');

const INTERVAL = 300;
const TIMEOUT = 200;

/**
 * A watch that is started before the server is asked for what takes a time: it may not be done before that time,
 * whatever the load, and later only as much as a loaded machine may be.
 */
function watch() {
  const start = performance.now();
  return (wanted) => {
    const took = performance.now() - start;
    assert.ok(took > wanted - 5, `${took} ms is too early for ${wanted} ms`);
    assert.ok(took < wanted + 2_000, `${took} ms is too late for ${wanted} ms`);
  };
}

test('the first ping comes a whole interval after the open packet', async () => {
  const took = watch();
  const line = await opened({ base: BRISK });
  assert.equal(await line.next(), '2');
  took(INTERVAL);
});

test('a ping follows each pong, a whole interval later', async () => {
  const line = await joined({ base: BRISK });
  assert.equal(await line.next(), '2');
  for (let beat = 0; beat < 3; beat += 1) {
    const took = watch();
    line.send('3');
    assert.equal(await line.next(), '2');
    took(INTERVAL);
  }
});

test('who does not answer a ping is closed after the timeout', async () => {
  const took = watch();
  const line = await opened({ base: BRISK });
  line.send('40');
  assert.equal(await line.close(), 1005);
  assert.equal(line.frames.filter((frame) => frame === '2').length, 1);
  took(INTERVAL + TIMEOUT);
});

test('events do not stand for a pong', async () => {
  const line = await joined({ base: BRISK });
  assert.equal(await line.next(), '2');
  line.send('42["message",1]');
  assert.equal(await line.next(), '42["message-back",1]');
  await line.close();
});

test('a session that polls is pinged and answers by post', async () => {
  const poller = await Poller.join({ base: BRISK });
  for (let beat = 0; beat < 3; beat += 1) {
    assert.equal(await poller.packet(), '2');
    await poller.push('3');
  }
});

test('a session that is not polled is gone after interval and timeout', async () => {
  const took = watch();
  const poller = await Poller.open({ base: BRISK });
  // This asks whether the session is there and leaves it alone: 3 is "not this way", 1 "unknown".
  const query = { transport: 'websocket', sid: poller.handshake.sid };
  let answer;
  do answer = await code(request(query, { base: BRISK })); while (answer[1] === 3);
  assert.deepEqual(answer, [400, 1]);
  took(INTERVAL + TIMEOUT);
});

test('a session that polls and does not answer a ping is gone', async () => {
  const poller = await Poller.join({ base: BRISK });
  assert.equal(await poller.packet(), '2');
  const { status, body } = await poller.poll();
  if (status === 200) assert.equal(body, '1');
  await poller.gone();
});

test('a ping that polling took may be answered over the websocket', async () => {
  const poller = await Poller.join({ base: BRISK });
  assert.equal(await poller.packet(), '2');
  const line = await dial({ sid: poller.handshake.sid }, { base: BRISK });
  line.send('2probe');
  assert.equal(await line.next(), '3probe');
  line.send('5', '3');
  for (let beat = 0; beat < 2; beat += 1) {
    assert.equal(await line.next(), '2');
    line.send('3');
  }
});

test('who is gone with a ping timeout is gone for the others too', async () => {
  const [nsp, name] = [ownNamespace(), unique()];
  const watcher = await connected({ url: BRISK, nsp });
  await ask(watcher, 'join', [`watch-${name}`]);
  await joined({ base: BRISK, nsp, auth: { name } });
  assert.deepEqual(await watcher.log.next('left'), [name, 'ping timeout']);
});

onEveryTransport('a client stays through many heartbeats', async (via) => {
  const socket = await connected({ ...via, url: BRISK });
  const { id } = socket;
  for (let beat = 0; beat < 4; beat += 1) await told(socket.io, 'ping');
  assert.equal(await ask(socket, 'message-with-ack', 1), 1);
  assert.equal(socket.id, id);
});

test('who is pinged by the WebSocket protocol answers by it', async () => {
  const line = await joined({ base: BRISK });
  const pong = told(line.socket, 'pong');
  line.socket.ping('x');
  assert.equal(String((await pong)[0]), 'x');
});
