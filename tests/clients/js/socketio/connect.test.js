'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const {
  onEveryTransport, socketTo, connect, connected, told, ask, refusal, unique, ownNamespace,
} = require('./sockets');

onEveryTransport('a client connects and gets an id that is not that of its connection', async (via) => {
  const socket = await connected(via);
  assert.match(socket.id, /^[\w-]{20,36}$/);
  assert.notEqual(socket.id, socket.io.engine.id);
  assert.ok(!socket.recovered);
});

onEveryTransport('two clients have two ids', async (via) => {
  const [one, other] = [await connected(via), await connected(via)];
  assert.notEqual(one.id, other.id);
});

test('a client that began with polling goes over to the websocket', async () => {
  const socket = socketTo();
  const upgraded = told(socket.io, 'open').then(() => told(socket.io.engine, 'upgrade'));
  await connect(socket);
  assert.equal((await upgraded)[0].name, 'websocket');
  assert.equal(await ask(socket, 'message-with-ack', 'hello'), 'hello');
});

onEveryTransport('the auth payload arrives as sent', async (via) => {
  const auth = { token: '123', deep: { list: [1, null, 'é'], empty: {} } };
  assert.deepEqual((await connected({ ...via, auth })).greeting, auth);
});

onEveryTransport('without an auth payload it is empty', async (via) => {
  assert.deepEqual((await connected(via)).greeting, {});
});

onEveryTransport('an auth payload may come from a function', async (via) => {
  const auth = (give) => give({ made: 'late' });
  assert.deepEqual((await connected({ ...via, auth })).greeting, { made: 'late' });
});

for (const nsp of ['/', '/custom', ownNamespace()]) {
  onEveryTransport(`a refusal at ${nsp.replace(/-.*/, '-…')} arrives with its message and data`, async (via) => {
    const error = await refusal(socketTo({ ...via, nsp, auth: { deny: true } }));
    assert.deepEqual(error, { message: 'no', data: { c: 1 } });
  });
}

onEveryTransport('a client that was refused may ask again', async (via) => {
  const socket = socketTo({ ...via, auth: { deny: true } });
  await refusal(socket);
  assert.equal(socket.active, false);
  socket.auth = { name: unique() };
  await connect(socket);
  assert.deepEqual(socket.greeting, socket.auth);
});

for (const nsp of ['/unknown', '/customs', '/room', '/Custom']) {
  onEveryTransport(`the namespace ${nsp} is unknown`, async (via) => {
    assert.deepEqual(await refusal(socketTo({ ...via, nsp })), { message: 'Invalid namespace', data: undefined });
  });
}

onEveryTransport('a client that leaves and comes back has a new id', async (via) => {
  const socket = await connected(via);
  const { id } = socket;
  const left = told(socket, 'disconnect');
  socket.disconnect();
  assert.equal((await left)[0], 'io client disconnect');
  await connect(socket);
  assert.notEqual(socket.id, id);
});

onEveryTransport('connecting and disconnecting in a loop leaves the server well', async (via) => {
  const socket = socketTo(via);
  for (let round = 0; round < 10; round += 1) {
    socket.connect();
    socket.disconnect();
  }
  await connect(socket);
  assert.equal(await ask(socket, 'message-with-ack', 1), 1);
});

onEveryTransport('what a client emits before it is connected arrives after', async (via) => {
  const socket = socketTo(via);
  socket.emit('message', 'early', 1);
  socket.emit('message', 'early', 2);
  socket.connect();
  assert.deepEqual(await socket.log.next('message-back'), ['early', 1]);
  assert.deepEqual(await socket.log.next('message-back'), ['early', 2]);
});
