'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { Cable } = require('../cable');
const {
  LASTING, onEveryTransport, connected, multiplexed, ask, heard, told, crowd, ownNamespace, within,
} = require('./sockets');

/** Kills the connection of a socket and waits until it is back. */
async function killed(socket) {
  const back = told(socket, 'connect');
  socket.io.engine.close();
  await back;
  [socket.greeting] = await socket.log.next('auth');
}

onEveryTransport('a client whose connection died comes back with a new id', async (via) => {
  const socket = await connected({ ...via, auth: { name: 1 } });
  const { id } = socket;
  const left = told(socket, 'disconnect');
  await killed(socket);
  assert.equal((await left)[0], 'forced close');
  assert.notEqual(socket.id, id);
  assert.ok(!socket.recovered);
  assert.deepEqual(socket.greeting, { name: 1 });
  assert.equal(await ask(socket, 'message-with-ack', 'back'), 'back');
});

onEveryTransport('a client that came back has nothing of its rooms and data', async (via) => {
  const socket = await connected(via);
  await Promise.all([ask(socket, 'join', ['a']), ask(socket, 'data-set', { kept: true })]);
  assert.deepEqual(await ask(socket, 'data-get'), { kept: true });
  await killed(socket);
  assert.deepEqual(await ask(socket, 'rooms'), [socket.id]);
  assert.equal(await ask(socket, 'data-get'), null);
});

onEveryTransport('every namespace of a connection that died comes back', async (via) => {
  const main = await connected(via);
  const others = [await multiplexed(main, '/custom'), await multiplexed(main, ownNamespace())];
  const back = others.map((socket) => told(socket, 'connect'));
  await killed(main);
  await Promise.all(back);
  for (const socket of [main, ...others]) assert.equal(await ask(socket, 'message-with-ack', socket.nsp), socket.nsp);
});

onEveryTransport('what was emitted while there was no connection arrives after', async (via) => {
  const socket = await connected(via);
  const back = told(socket, 'connect');
  socket.io.engine.close();
  socket.emit('message', 'buffered', Buffer.from('x'));
  const asked = ask(socket, 'message-with-ack', 'asked');
  await back;
  assert.deepEqual(await socket.log.next('message-back'), ['buffered', Buffer.from('x')]);
  assert.equal(await asked, 'asked');
});

onEveryTransport('who came back hears each event once', async (via) => {
  const sockets = await crowd(2, via);
  for (let round = 0; round < 3; round += 1) await killed(sockets[1]);
  await ask(sockets[0], 'all', { event: 'e' });
  assert.deepEqual(await heard(...sockets), [[['e']], [['e']]]);
});

onEveryTransport('a client whose cable was cut comes back when it is mended', async (via) => {
  const cable = await Cable.lay(LASTING);
  const socket = await connected({ ...via, url: `http://${new URL(cable.ws).host}` });
  const { id } = socket;
  const left = told(socket, 'disconnect');
  cable.cut();
  await left;
  const failed = told(socket.io, 'reconnect_error');
  await failed;
  const back = told(socket, 'connect');
  cable.mend();
  await back;
  assert.notEqual(socket.id, id);
  assert.equal(await ask(socket, 'message-with-ack', 'back'), 'back');
});

test('a connection that dies while it goes over to the websocket does no harm', async () => {
  for (let round = 0; round < 10; round += 1) {
    const socket = await connected();
    const upgrading = new Promise((resolve) => { socket.io.engine.once('upgrading', resolve); });
    if (socket.io.engine.transport.name === 'polling') await Promise.race([upgrading, ask(socket, 'slow', 50)]);
    await killed(socket);
    assert.equal(await within(ask(socket, 'message-with-ack', round), 'an answer'), round);
  }
});
