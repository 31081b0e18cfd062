'use strict';
// Pings, pongs, and what becomes of who keeps silent. The brisk fixture pings every 300 ms and waits 200 ms.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { BRISK, onEveryTransport, connected, ask, told, ownNamespace, unique } = require('./sockets');
const { opened, joined, dial, Poller } = require('./wire');

const INTERVAL = 300;
const TIMEOUT = 200;

/** Runs something and returns how long it took, in milliseconds. */
async function timed(run) {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/** Fails unless a time is one that was asked for: never early, late only as much as a loaded machine may be. */
function about(took, wanted) {
  assert.ok(took > wanted - 40, `${took} ms is too early for ${wanted} ms`);
  assert.ok(took < wanted + 1_000, `${took} ms is too late for ${wanted} ms`);
}

test('the first ping comes a whole interval after the open packet', async () => {
  const line = await opened({ base: BRISK });
  about(await timed(async () => assert.equal(await line.next(), '2')), INTERVAL);
});

test('a ping follows each pong, a whole interval later', async () => {
  const line = await joined({ base: BRISK });
  assert.equal(await line.next(), '2');
  for (let beat = 0; beat < 3; beat += 1) {
    line.send('3');
    about(await timed(async () => assert.equal(await line.next(), '2')), INTERVAL);
  }
});

test('who does not answer a ping is closed after the timeout', async () => {
  const line = await joined({ base: BRISK });
  assert.equal(await line.next(), '2');
  about(await timed(async () => assert.equal(await line.close(), 1005)), TIMEOUT);
});

test('events do not stand for a pong', async () => {
  const line = await joined({ base: BRISK });
  assert.equal(await line.next(), '2');
  line.send('42["message",1]');
  assert.equal(await line.next(), '42["message-back",1]');
  about(await timed(() => line.close()), TIMEOUT);
});

test('a session that polls is pinged and answers by post', async () => {
  const poller = await Poller.join({ base: BRISK });
  for (let beat = 0; beat < 3; beat += 1) {
    assert.equal(await poller.packet(), '2');
    await poller.push('3');
  }
});

test('a session that is not polled is gone after interval and timeout', async () => {
  const poller = await Poller.open({ base: BRISK });
  const start = performance.now();
  await new Promise((resolve) => { setTimeout(resolve, INTERVAL + TIMEOUT); });
  const { status } = await poller.poll();
  assert.ok(performance.now() - start >= INTERVAL + TIMEOUT);
  assert.equal(status, 400);
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
