'use strict';
// Other programs publish through Redis with the emitter, unmodified; clients are on two nodes and get it once.
const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const { createClient } = require('redis');
const { Emitter } = require('@socket.io/redis-emitter');
const { io } = require('socket.io-client');

const NODES = process.env.TEST_NODE_URLS.split(',');
const client = createClient({ url: process.env.TEST_REDIS_URL });
const sockets = [];
let emitter;

before(async () => {
  await client.connect();
  emitter = new Emitter(client);
});

after(async () => {
  for (const socket of sockets) socket.close();
  await client.close();
});

/** Resolves with the arguments of the next event of this name. */
const next = (socket, event) => new Promise((resolve) => { socket.once(event, (...args) => resolve(args)); });

async function arrived(at, nsp = '/', transports = ['websocket']) {
  const socket = io(NODES[at] + nsp, { transports, forceNew: true });
  sockets.push(socket);
  socket.heard = [];
  socket.onAny((event, ...args) => { if (!event.startsWith('mark')) socket.heard.push([event, ...args]); });
  await next(socket, 'connect');
  return socket;
}

let marks = 0;

/** What these got until now; a mark behind it shows that nothing is on its way any more. */
async function heard(...all) {
  marks += 1;
  const marked = all.map((socket) => next(socket, `mark-${marks}`));
  for (const nsp of new Set(all.map((socket) => socket.nsp))) emitter.of(nsp).emit(`mark-${marks}`);
  await Promise.all(marked);
  return all.map((socket) => socket.heard.splice(0));
}

test('a broadcast reaches everyone once, with every kind of argument', async () => {
  const [one, other] = [await arrived(0), await arrived(1, '/', ['polling'])];
  const args = [1, -1.5, 'é', null, true, { deep: [{}] }, 2 ** 40];
  emitter.emit('all', ...args, new Date(0), Buffer.from([1, 2]));
  const event = ['all', ...args, '1970-01-01T00:00:00.000Z', Buffer.from([1, 2])];
  assert.deepEqual(await heard(one, other), [[event], [event]]);
});

test('a namespace is a namespace', async () => {
  const [root, chat] = [await arrived(0), await arrived(1, '/chat')];
  emitter.of('/chat').emit('for-chat');
  assert.deepEqual(await heard(root, chat), [[], [['for-chat']]]);
});

test('rooms are joined, addressed, excepted and left on whichever node a socket is', async () => {
  const [one, other, third] = [await arrived(0), await arrived(1), await arrived(1)];
  emitter.in([one.id, other.id]).socketsJoin(['red', 'blue']);
  emitter.in(other.id).socketsLeave('blue');
  emitter.to('red').emit('red');
  emitter.to('blue').emit('blue');
  emitter.to(['red', 'blue']).emit('either');
  emitter.except('blue').emit('not-blue');
  emitter.to('red').except(other.id).emit('red-but-one');
  assert.deepEqual(await heard(one, other, third), [
    [['red'], ['blue'], ['either'], ['red-but-one']],
    [['red'], ['either'], ['not-blue']],
    [['not-blue']],
  ]);
});

test('a volatile event reaches who is not busy', async () => {
  const one = await arrived(0);
  const event = next(one, 'maybe');
  emitter.volatile.emit('maybe', 1);
  assert.deepEqual(await event, [1]);
  one.heard.length = 0;
});

test('sockets are disconnected', async () => {
  const [one, other] = [await arrived(0), await arrived(1)];
  const gone = next(one, 'disconnect');
  emitter.in(one.id).disconnectSockets();
  assert.equal((await gone)[0], 'io server disconnect');
  assert.deepEqual(await heard(other), [[]]);
});

test('adapters of other servers do not wait for an answer of ours', async () => {
  const counts = await client.sendCommand(['PUBSUB', 'NUMSUB', 'socket.io-request#/#']);
  assert.equal(Number(counts[1]), 0);
});
