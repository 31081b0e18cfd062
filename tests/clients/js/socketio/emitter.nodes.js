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

test('a room that is a number is its decimal text, and one that is nothing of a name is nobody', async () => {
  const [one, other] = [await arrived(0), await arrived(1)];
  emitter.in(one.id).socketsJoin(42);
  emitter.to(42).emit('to-42', 1);
  emitter.except(42).emit('not-to-42');
  for (const odd of [null, undefined, true, {}, Buffer.from('42'), NaN]) emitter.to(odd).emit('secret', 1);
  for (const odd of [null, undefined, true, {}]) emitter.except(odd).emit('secret', 2);
  for (const odd of [null, undefined, true, {}]) emitter.in(odd).disconnectSockets();
  emitter.in(one.id).socketsJoin([null, 'half']);
  emitter.to('half').emit('half');
  assert.deepEqual(await heard(one, other), [[['to-42', 1]], [['not-to-42']]]);
  emitter.in(one.id).socketsLeave(42);
  emitter.to(42).emit('to-42', 2);
  assert.deepEqual(await heard(one, other), [[], []]);
});

test('an event may have a number for a name, and arguments 128 deep', async () => {
  const one = await arrived(1);
  const deep = (levels) => Array.from({ length: levels }).reduce((inner) => [inner], 'x');
  emitter.to(one.id).emit(42, 'a');
  emitter.to(one.id).emit('deep', deep(60), deep(128));
  emitter.to(one.id).emit('deeper', deep(129));
  const got = [];
  one.on('42', (...args) => got.push(args));
  one.onAny((event, ...args) => { if (event === 'deep') got.push(args); });
  await new Promise((resolve) => {
    one.onAny((event) => { if (event === 'last') resolve(); });
    emitter.to(one.id).emit('last');
  });
  assert.deepEqual(got, [['a'], [deep(60), deep(128)]]);
  assert.ok(!one.heard.some(([event]) => event === 'deeper'));
});

/** Has a node lose the connection of a client, does something when it has noticed, and lets the client come back. */
async function away(socket, meanwhile) {
  const left = next(socket, 'disconnect');
  const count = async () => {
    const text = await (await fetch(`${NODES[0]}/metrics`)).text();
    return Number(text.match(/^callboard_connections\{.*socketio-websocket.*\} (\d+)$/m)[1]);
  };
  const before = await count();
  socket.io.reconnection(false);
  socket.io.engine.close();
  await left;
  while (await count() >= before);
  await meanwhile();
  socket.io.reconnection(true);
  const back = next(socket, 'connect');
  socket.connect();
  await back;
}

test('a client that lost its connection is brought what the emitter has said meanwhile', async () => {
  const nsp = '/chat';
  const socket = io(NODES[0] + nsp, { path: '/recovery/', transports: ['websocket'], forceNew: true });
  sockets.push(socket);
  await next(socket, 'connect');
  const { id } = socket;
  const got = [];
  socket.onAny((...event) => got.push(event.slice(0, -1)));
  emitter.of(nsp).in(id).socketsJoin('red');
  const seen = next(socket, 'seen');
  emitter.of(nsp).emit('seen', 'a text in the end');
  await seen;
  for (const round of [1, 2]) {
    await away(socket, async () => {
      emitter.of(nsp).emit('missed', `a text ${round}`);
      emitter.of(nsp).to('red').emit('red', round);
      emitter.of(nsp).to('blue').emit('blue');
      emitter.of(nsp).volatile.emit('volatile', 'a text');
      // What it is told of is behind the others on every way.
      const other = await arrived(0, nsp);
      const marked = next(other, 'mark');
      emitter.of(nsp).to(other.id).emit('mark');
      await marked;
    });
    assert.equal(socket.recovered, true);
    assert.equal(socket.id, id);
  }
  const volatile = next(socket, 'volatile');
  emitter.of(nsp).volatile.emit('volatile', 'a text in the end');
  await volatile;
  await away(socket, async () => {});
  assert.equal(socket.recovered, true);
  assert.deepEqual(got, [
    ['seen', 'a text in the end'],
    ['missed', 'a text 1'], ['red', 1],
    ['missed', 'a text 2'], ['red', 2],
    ['volatile', 'a text in the end'],
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
