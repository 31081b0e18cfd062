'use strict';
// Messages of a megabyte, and a room of two hundred.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { BRISK, onEveryTransport, connected, crowd, ask, askAll, heard, told } = require('./sockets');
const { joined } = require('./wire');

const MEGABYTE = 1_000_000;

onEveryTransport('a text of a megabyte comes back', async (via) => {
  const text = 'é'.repeat(MEGABYTE / 2);
  const [back] = await askAll(await connected(via), 'message-with-ack', text);
  assert.ok(back === text);
});

onEveryTransport('a megabyte of bytes comes back', async (via) => {
  const bytes = Buffer.alloc(MEGABYTE, 'callboard');
  const [back] = await askAll(await connected(via), 'message-with-ack', bytes);
  assert.ok(bytes.equals(back));
});

onEveryTransport('an object of a megabyte comes back', async (via) => {
  const list = Array.from({ length: 20_000 }, (_, index) => ({ index, text: 'x'.repeat(20), deep: { list: [index] } }));
  const [back] = await askAll(await connected(via), 'message-with-ack', list);
  assert.equal(JSON.stringify(back), JSON.stringify(list));
});

onEveryTransport('a megabyte goes to everyone in a room', async (via) => {
  const sockets = await crowd(5, via);
  const bytes = Buffer.alloc(MEGABYTE, 7);
  await ask(sockets[0], 'all', { event: 'big', args: [bytes] });
  for (const [[, got], ...rest] of await heard(...sockets)) {
    assert.ok(bytes.equals(got));
    assert.deepEqual(rest, []);
  }
});

onEveryTransport('ten messages of 100 kB in a row keep their order', async (via) => {
  const socket = await connected(via);
  for (let number = 0; number < 10; number += 1) socket.emit('message', number, 'x'.repeat(100_000));
  for (let number = 0; number < 10; number += 1) assert.equal((await socket.log.next('message-back'))[0], number);
});

test('a frame over the limit ends the connection', async () => {
  const line = await joined({ base: BRISK });
  line.send(`42["message","${'x'.repeat(MEGABYTE)}"]`);
  assert.equal(await line.close(), 1009);
});

onEveryTransport('a client that sends over the limit comes back', async (via) => {
  const socket = await connected({ ...via, url: BRISK });
  const back = told(socket, 'disconnect').then(() => told(socket, 'connect'));
  socket.emit('message', 'x'.repeat(2 * MEGABYTE));
  await back;
  assert.equal(await ask(socket, 'message-with-ack', 'alive'), 'alive');
});

for (const [name, transports] of [['websockets', ['websocket']], ['both transports', undefined]]) {
  test(`two hundred clients on ${name} in one room hear everything once, in order`, async () => {
    const sockets = await crowd(200, transports && { transports });
    await Promise.all(sockets.map((socket) => ask(socket, 'join', ['a'])));
    const numbers = Array.from({ length: 20 }, (_, index) => index);
    for (const number of numbers) await ask(sockets[0], 'all', { rooms: ['a'], event: 'n', args: [number] });
    for (const events of await heard(...sockets)) assert.deepEqual(events, numbers.map((number) => ['n', number]));
  });
}
