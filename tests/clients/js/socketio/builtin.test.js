'use strict';
// Channels without a line of Rust: subscribe, unsubscribe, publish, message.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { unique, told } = require('./sockets');
const { onBothTransports, arrived, call, errorCode, listening, publish, centrifuge } = require('./brokers');

const chat = () => `chat:${unique()}`;

onBothTransports('who subscribes hears what is published, its publisher too', async (via) => {
  const channel = chat();
  const [one, other] = [await listening(channel, via), await listening(channel, via)];
  assert.deepEqual(await call(one, 'publish', channel, { text: 'hello' }), {});
  for (const socket of [one, other]) {
    const [where, data, meta, ...rest] = await socket.log.next('message');
    assert.deepEqual([where, data, rest], [channel, { text: 'hello' }, []]);
    assert.equal(meta.offset, 1);
    assert.equal(meta.epoch, one.answer.epoch);
  }
});

test('subscribe tells the position where there is one', async () => {
  const channel = chat();
  const { answer: first } = await listening(channel);
  assert.deepEqual(Object.keys(first).sort(), ['epoch', 'offset']);
  assert.equal(first.offset, 0);
  await publish(channel, 1);
  const { answer: second } = await listening(channel);
  assert.deepEqual(second, { offset: 1, epoch: first.epoch });
});

test('subscribe and publish work where the name has no colon', async () => {
  const channel = unique();
  const socket = await listening(channel);
  assert.ok(['', 'epoch,offset'].includes(Object.keys(socket.answer).sort().join()));
  assert.deepEqual(await call(socket, 'publish', channel, 1), {});
  assert.deepEqual((await socket.log.next('message')).slice(0, 2), [channel, 1]);
});

onBothTransports('data of every JSON type arrives as published', async (via) => {
  const channel = chat();
  const socket = await listening(channel, via);
  for (const data of [null, true, 0, -1.5, '', 'é\u2028😀\u0000', [], [1, [2]], {}, { a: { b: null } }]) {
    assert.deepEqual(await call(socket, 'publish', channel, data), {});
    assert.deepEqual((await socket.log.next('message'))[1], data);
  }
});

test('messages keep their order, and offsets count', async () => {
  const channel = chat();
  const socket = await listening(channel);
  const numbers = Array.from({ length: 100 }, (_, index) => index);
  for (const number of numbers) socket.emit('publish', channel, number);
  for (const number of numbers) {
    const [, data, { offset }] = await socket.log.next('message');
    assert.deepEqual([data, offset], [number, number + 1]);
  }
});

test('what the HTTP API publishes arrives, with its tags', async () => {
  const channel = chat();
  const socket = await listening(channel);
  await publish(channel, { from: 'http' }, { tags: { colour: 'red' } });
  const [where, data, meta] = await socket.log.next('message');
  assert.deepEqual([where, data, meta.tags], [channel, { from: 'http' }, { colour: 'red' }]);
});

test('who unsubscribed hears no more, and may subscribe again', async () => {
  const [channel, mark] = [chat(), chat()];
  const socket = await listening(channel);
  assert.deepEqual(await call(socket, 'unsubscribe', channel), {});
  await call(socket, 'subscribe', mark);
  await publish(channel, 'unheard');
  await publish(mark, 'heard');
  assert.deepEqual((await socket.log.next('message')).slice(0, 2), [mark, 'heard']);
  assert.deepEqual(socket.log.items, []);
  assert.equal((await call(socket, 'subscribe', channel)).offset, 1);
});

test('who left and came back has no subscriptions', async () => {
  const [channel, mark] = [chat(), chat()];
  const socket = await listening(channel);
  const back = told(socket, 'connect');
  socket.disconnect().connect();
  await back;
  await call(socket, 'subscribe', mark);
  await publish(channel, 'unheard');
  await publish(mark, 'heard');
  assert.deepEqual((await socket.log.next('message')).slice(0, 2), [mark, 'heard']);
});

test('an acknowledgement need not be wanted', async () => {
  const channel = chat();
  const socket = await arrived();
  socket.emit('subscribe', channel);
  socket.emit('publish', channel, 1);
  assert.deepEqual((await socket.log.next('message')).slice(0, 2), [channel, 1]);
});

onBothTransports('a page with socket.io-client and a page with centrifuge chat with each other', async (via) => {
  const channel = chat();
  const socket = await listening(channel, via);
  const { sub, next } = await centrifuge(channel);
  assert.deepEqual(await call(socket, 'publish', channel, { text: 'hello, centrifuge' }), {});
  assert.deepEqual((await next()).data, { text: 'hello, centrifuge' });
  await sub.publish({ text: 'hello, socket.io' });
  assert.deepEqual((await next()).data, { text: 'hello, socket.io' });
  const heard = [await socket.log.next('message'), await socket.log.next('message')];
  assert.deepEqual(heard.map(([where, data, { offset }]) => [where, data.text, offset]), [
    [channel, 'hello, centrifuge', 1], [channel, 'hello, socket.io', 2],
  ]);
});

for (const [name, event, args, code] of [
  ['subscribing in an unknown namespace', 'subscribe', ['unknown:x'], 102],
  ['publishing in an unknown namespace', 'publish', ['unknown:x', 1], 102],
  ['subscribing where a token is needed', 'subscribe', ['$private'], 103],
  ['subscribing to the channel of another user', 'subscribe', ['news#42'], 103],
  ['publishing where only subscribers may', 'publish', [`chat:${unique()}`, 1], 103],
  ['subscribing without a channel', 'subscribe', [], 107],
  ['subscribing to an empty name', 'subscribe', [''], 107],
  ['subscribing to a number', 'subscribe', [1], 107],
  ['subscribing to null', 'subscribe', [null], 107],
  ['subscribing to a list', 'subscribe', [['a']], 107],
  ['subscribing to an object', 'subscribe', [{ channel: 'a' }], 107],
  ['unsubscribing without a channel', 'unsubscribe', [], 107],
  ['unsubscribing from a number', 'unsubscribe', [1], 107],
  ['publishing without a channel', 'publish', [], 107],
  ['publishing without data', 'publish', ['news'], 107],
  ['publishing to a number', 'publish', [1, 'data'], 107],
]) {
  test(`${name} is error ${code}, and the socket goes on`, async () => {
    const socket = await arrived();
    assert.equal(await errorCode(socket, event, ...args), code);
    assert.deepEqual(await call(socket, 'publish', unique(), 'alive'), {});
  });
}

test('subscribing twice is error 105, and hears everything once', async () => {
  const channel = chat();
  const socket = await listening(channel);
  assert.equal(await errorCode(socket, 'subscribe', channel), 105);
  for (const data of [1, 2]) await publish(channel, data);
  assert.deepEqual([(await socket.log.next('message'))[1], (await socket.log.next('message'))[1]], [1, 2]);
});

for (const [name, data] of [['a buffer', Buffer.from('x')], ['a buffer in an object', { file: Buffer.from('x') }]]) {
  onBothTransports(`${name} has no place in a channel`, async (via) => {
    const channel = chat();
    const socket = await listening(channel, via);
    assert.equal(typeof await errorCode(socket, 'publish', channel, data), 'number');
    assert.deepEqual(await call(socket, 'publish', channel, 'alive'), {});
    assert.equal((await socket.log.next('message'))[1], 'alive');
  });
}

test('an event that is not built in is not acknowledged', async () => {
  const socket = await arrived();
  await assert.rejects(socket.timeout(200).emitWithAck('dance', 1));
});
