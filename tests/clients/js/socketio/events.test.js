'use strict';
const assert = require('node:assert/strict');
const { onEveryTransport, ours, connected, crowd, ask, askAll, heard } = require('./sockets');

/** What comes back of a message with these arguments. */
async function echo(socket, ...args) {
  socket.emit('message', ...args);
  return socket.log.next('message-back');
}

const VALUES = {
  'no arguments': [],
  null: [null],
  booleans: [true, false],
  numbers: [0, -1, 1.5, 1e21, -2.5e-7, Number.MAX_SAFE_INTEGER],
  strings: ['', ' ', 'text', '"quoted"', 'back\\slash', '{"a":1}', '1-["a"]'],
  arrays: [[], [[]], [1, [2, [3]]]],
  objects: [{}, { a: { b: { c: [{}] } } }, { '': 0, ' ': 1, 1: 2 }],
  'many arguments': Array.from({ length: 100 }, (_, index) => index),
  'deep nesting': [Array.from({ length: 60 }).reduce((inner) => ({ inner: [inner] }), 'core')],
  umlauts: ['utf8: äöü ÿ'],
  cyrillic: ['тест'],
  chinese: ['可以吗', { 键: '值' }],
  emoji: ['👍🏽 🇺🇦 🧑‍🚀 😀', { '😀': '😀' }],
  'line separators': ['a\u2028b\u2029c', { '\u2028': 1 }],
  'control characters': ['\u0000 \u0001 \u001e \u001f \u007f \n\r\t\b\f', { '\u0000': '\u0000' }],
  'a lone surrogate': ['\ud800'],
  'a byte order mark': ['\ufeffx\ufffe\uffff'],
  'names of the protocol': [{ _placeholder: true }, { num: 0 }, { _placeholder: 'true', num: 0 }],
  'names of JavaScript': [{ constructor: 1, hasOwnProperty: 2, toString: 3, valueOf: 4, length: 5, toJSON: 6 }],
};

for (const [name, args] of Object.entries(VALUES)) {
  onEveryTransport(`an event brings back ${name}`, async (via) => {
    assert.deepEqual(await echo(await connected(via), ...args), args);
  });
}

onEveryTransport('a key named __proto__ is a key', async (via) => {
  const socket = await connected(via);
  const text = '{"__proto__":{"polluted":true},"a":{"__proto__":1}}';
  const [back] = await echo(socket, JSON.parse(text));
  assert.equal(JSON.stringify(back), text);
  assert.equal({}.polluted, undefined);
});

for (const event of ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'prototype', 'error', 'message-back']) {
  onEveryTransport(`an event named ${event} does no harm, and has no handler`, async (via) => {
    const socket = await connected(via);
    socket.emit(event, 1);
    assert.deepEqual(await echo(socket, 'alive'), ['alive']);
    assert.deepEqual(socket.log.items, []);
  });

  onEveryTransport(`the server emits an event named ${event}`, async (via) => {
    const [socket, other] = await crowd(2, via);
    await ask(socket, 'all', { event, args: [1] });
    assert.deepEqual(await heard(socket, other), [[[event, 1]], [[event, 1]]]);
  });
}

onEveryTransport('arguments that JSON does not have arrive as null', async (via) => {
  assert.deepEqual(await echo(await connected(via), 1, undefined, NaN, Infinity), [1, null, null, null]);
});

onEveryTransport('dates arrive as texts', async (via) => {
  const date = new Date(0);
  assert.deepEqual(await echo(await connected(via), date), [date.toISOString()]);
});

const BINARIES = {
  'a buffer': () => [Buffer.from([0, 1, 127, 128, 255])],
  'an empty buffer': () => [Buffer.alloc(0)],
  'several buffers': () => [Buffer.from('one'), Buffer.from('two'), Buffer.from('three')],
  'ten buffers': () => Array.from({ length: 10 }, (_, index) => Buffer.from([index])),
  'buffers in objects': () => [{ a: Buffer.from('a'), b: { c: [Buffer.from('b'), { d: Buffer.alloc(0) }] } }],
  'buffers among other arguments': () => ['text', Buffer.from('x'), 1, null, { file: Buffer.from('y'), name: 'n' }],
  'all bytes': () => [Buffer.from(Array.from({ length: 256 }, (_, index) => index))],
  'bytes that look like a packet': () => [Buffer.from('42["message",1]'), Buffer.from('b4AQID\u001e2')],
  'a placeholder beside a buffer': () => [{ _placeholder: false, num: 0 }, Buffer.from('x')],
};

for (const [name, make] of Object.entries(BINARIES)) {
  onEveryTransport(`an event brings back ${name}`, async (via) => {
    assert.deepEqual(await echo(await connected(via), ...make()), make());
  });

  onEveryTransport(`an acknowledgement brings back ${name}`, async (via) => {
    assert.deepEqual(await askAll(await connected(via), 'message-with-ack', ...make()), make());
  });
}

onEveryTransport('typed arrays and array buffers arrive as bytes', async (via) => {
  const bytes = Uint8Array.from([1, 2, 3]);
  const back = await echo(await connected(via), bytes, bytes.buffer, new Uint16Array([1]));
  assert.deepEqual(back, [Buffer.from([1, 2, 3]), Buffer.from([1, 2, 3]), Buffer.from([1, 0])]);
});

onEveryTransport('binary and text keep their order', async (via) => {
  const socket = await connected(via);
  for (let round = 0; round < 50; round += 1) {
    socket.emit('message', round);
    socket.emit('message', Buffer.from([round]), { more: Buffer.from('more') });
  }
  for (let round = 0; round < 50; round += 1) {
    assert.deepEqual(await socket.log.next('message-back'), [round]);
    assert.deepEqual(await socket.log.next('message-back'), [Buffer.from([round]), { more: Buffer.from('more') }]);
  }
});

onEveryTransport('binary goes to everyone in a room', async (via) => {
  const sockets = await crowd(3, via);
  const [first] = sockets;
  const args = [Buffer.from('blob'), { nested: [Buffer.alloc(0)] }];
  await ask(first, 'all', { event: 'blob', args });
  for (const events of await heard(...sockets)) assert.deepEqual(events, [['blob', ...args]]);
});

onEveryTransport('a thousand messages keep their order', async (via) => {
  const socket = await connected(via);
  const numbers = Array.from({ length: 1000 }, (_, index) => index);
  for (const number of numbers) socket.emit('message', number);
  const back = [];
  while (back.length < numbers.length) back.push((await socket.log.next('message-back'))[0]);
  assert.deepEqual(back, numbers);
});

onEveryTransport('a thousand messages to others keep their order', async (via) => {
  const [sender, listener] = await crowd(2, via);
  const numbers = Array.from({ length: 1000 }, (_, index) => index);
  for (const number of numbers) sender.emit('broadcast', 'number', number);
  const [events] = await heard(listener, sender);
  const rest = [];
  while (events.length + rest.length < numbers.length) rest.push(['number', ...await listener.log.next('number')]);
  assert.deepEqual([...events, ...rest].map(([, number]) => number), numbers);
});

// The original throws, and ends with it.
ours('an event that is relayed under a reserved name reaches nobody, and nobody is cut off', async () => {
  const sockets = await crowd(2);
  const lost = [];
  for (const socket of sockets) socket.on('disconnect', (reason) => lost.push(reason));
  for (const name of ['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener']) {
    const { error } = await ask(sockets[0], 'broadcast', name, 1);
    assert.equal(error.code, 107);
    assert.ok(error.message.includes(name), error.message);
  }
  assert.deepEqual(await heard(...sockets), [[], []]);
  assert.deepEqual(lost, []);
});
