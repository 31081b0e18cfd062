'use strict';
const assert = require('node:assert/strict');
const {
  onEveryTransport, connected, multiplexed, socketTo, ask, heard, told, refusal, ownNamespace, crowd, connect, unique,
} = require('./sockets');

onEveryTransport('several namespaces share one connection', async (via) => {
  const main = await connected(via);
  const custom = await multiplexed(main, '/custom', { auth: { as: 'custom' } });
  const room = await multiplexed(main, ownNamespace());
  assert.equal(new Set([main.id, custom.id, room.id]).size, 3);
  assert.deepEqual([main.greeting, custom.greeting, room.greeting], [{}, { as: 'custom' }, {}]);
  assert.equal(main.io, custom.io);
  for (const socket of [main, custom, room]) {
    socket.emit('message', socket.nsp, Buffer.from(socket.nsp));
    assert.deepEqual(await socket.log.next('message-back'), [socket.nsp, Buffer.from(socket.nsp)]);
  }
  for (const socket of [main, custom, room]) assert.deepEqual(socket.log.items, []);
});

onEveryTransport('a namespace alone needs no other', async (via) => {
  const socket = await connected({ ...via, nsp: '/custom' });
  assert.equal(await ask(socket, 'message-with-ack', 1), 1);
});

onEveryTransport('an event stays in its namespace', async (via) => {
  const [one] = await crowd(1, via);
  const other = await multiplexed(one, ownNamespace());
  await ask(one, 'all', { event: 'e' });
  assert.deepEqual(await heard(one), [[['e']]]);
  assert.deepEqual(await heard(other), [[]]);
});

onEveryTransport('two clients of one pattern but of two names do not hear each other', async (via) => {
  const [one, other] = [await crowd(2, via), await crowd(2, via)];
  one[0].emit('broadcast', 'e');
  assert.deepEqual(await heard(...one), [[], [['e']]]);
  assert.deepEqual(await heard(...other), [[], []]);
});

onEveryTransport('a client that leaves one namespace keeps the other', async (via) => {
  const main = await connected(via);
  const custom = await multiplexed(main, '/custom');
  custom.disconnect();
  assert.equal(await ask(main, 'message-with-ack', 'alive'), 'alive');
  assert.equal(main.io.engine.readyState, 'open');
  const { id } = custom;
  await connect(custom);
  assert.notEqual(custom.id, id);
  assert.equal(await ask(custom, 'message-with-ack', 'back'), 'back');
});

onEveryTransport('a server that disconnects one namespace leaves the other', async (via) => {
  const main = await connected(via);
  const custom = await multiplexed(main, '/custom');
  const gone = told(custom, 'disconnect');
  custom.emit('disconnect-me', false);
  assert.equal((await gone)[0], 'io server disconnect');
  assert.equal(await ask(main, 'message-with-ack', 'alive'), 'alive');
});

onEveryTransport('a client that a server disconnected may come back', async (via) => {
  const socket = await connected(via);
  const { id } = socket;
  const gone = told(socket, 'disconnect');
  socket.emit('disconnect-me', false);
  await gone;
  assert.equal(socket.active, false);
  await connect(socket);
  assert.notEqual(socket.id, id);
});

onEveryTransport('a server that disconnects a connection tells every namespace of it', async (via) => {
  const main = await connected({ ...via, reconnection: false });
  const others = [await multiplexed(main, '/custom'), await multiplexed(main, ownNamespace())];
  const gone = [main, ...others].map((socket) => told(socket, 'disconnect'));
  const closed = told(main.io.engine, 'close');
  others[1].emit('disconnect-me', true);
  for (const [reason] of await Promise.all(gone)) assert.equal(reason, 'io server disconnect');
  await closed;
});

onEveryTransport('a refusal in one namespace leaves the others', async (via) => {
  const main = await connected(via);
  const refused = main.io.socket('/custom', { auth: { deny: 1 } });
  assert.deepEqual(await refusal(refused), { message: 'no', data: { c: 1 } });
  const unknown = main.io.socket('/unknown');
  assert.equal((await refusal(unknown)).message, 'Invalid namespace');
  assert.equal(await ask(main, 'message-with-ack', 'alive'), 'alive');
});

onEveryTransport('namespaces asked for at once are all joined', async (via) => {
  const main = socketTo(via);
  const names = Array.from({ length: 10 }, ownNamespace);
  const ids = names.map(async (nsp) => (await multiplexed(main, nsp)).id);
  assert.equal(new Set(await Promise.all(ids)).size, 10);
});

onEveryTransport('others learn why a client is gone', async (via) => {
  const [watcher] = await crowd(1, via);
  for (const [reason, leave] of [
    ['client namespace disconnect', (socket) => socket.disconnect()],
    ['server namespace disconnect', (socket) => socket.emit('disconnect-me', false)],
    ['server namespace disconnect', (socket) => socket.emit('disconnect-me', true)],
    ['transport close', (socket) => socket.io.engine.close()],
  ]) {
    const name = unique();
    await ask(watcher, 'join', [`watch-${name}`]);
    const socket = await connected({ ...via, nsp: watcher.nsp, auth: { name }, reconnection: false });
    // Another namespace on it, or the client would end its connection when it leaves the only one.
    await multiplexed(socket, '/custom');
    leave(socket);
    assert.deepEqual(await watcher.log.next('left'), [name, reason]);
  }
});
