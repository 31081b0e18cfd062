'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { PATIENCE, onEveryTransport, ours, connected, ask, askAll, crowd, heard, within } = require('./sockets');

onEveryTransport('an acknowledgement brings every argument', async (via) => {
  const args = [1, 'two', null, { three: [3] }, [[4]], true];
  assert.deepEqual(await askAll(await connected(via), 'message-with-ack', ...args), args);
});

onEveryTransport('an acknowledgement may be empty', async (via) => {
  assert.deepEqual(await askAll(await connected(via), 'message-with-ack'), []);
});

onEveryTransport('a hundred questions at once get each its own answer', async (via) => {
  const socket = await connected(via);
  const numbers = Array.from({ length: 100 }, (_, index) => index);
  const answers = await Promise.all(numbers.map((number) => ask(socket, 'message-with-ack', number)));
  assert.deepEqual(answers, numbers);
});

onEveryTransport('a quick answer overtakes a slow one', async (via) => {
  const socket = await connected(via);
  const order = [];
  await Promise.all([['slow', 200], ['message-with-ack', 0]].map(async ([event, value]) => {
    order.push(await ask(socket, event, value));
  }));
  assert.deepEqual(order, [0, 200]);
});

onEveryTransport('an answer that comes too late is an error to the client, and harms nothing', async (via) => {
  const socket = await connected(via);
  await assert.rejects(socket.timeout(20).emitWithAck('slow', 200), /timed out/);
  assert.equal(await ask(socket, 'slow', 250), 250);
});

onEveryTransport('an answer belongs to its namespace', async (via) => {
  const [one, other] = [await connected(via), await connected({ ...via, nsp: '/custom' })];
  const answers = await Promise.all([ask(one, 'message-with-ack', 'one'), ask(other, 'message-with-ack', 'other')]);
  assert.deepEqual(answers, ['one', 'other']);
});

onEveryTransport('the server asks a client, which answers with several arguments', async (via) => {
  const socket = await connected(via);
  socket.on('question', (a, b, ack) => ack(b, a, null, { deep: [a] }));
  const answer = await ask(socket, 'ask-me', { event: 'question', args: [1, 'two'], timeout: PATIENCE });
  assert.deepEqual(answer, { answers: ['two', 1, null, { deep: [1] }], error: false });
});

onEveryTransport('the server asks with binary and is answered with binary', async (via) => {
  const socket = await connected(via);
  socket.on('question', (bytes, ack) => ack(Buffer.concat([bytes, bytes]), { empty: Buffer.alloc(0) }));
  const answer = await ask(socket, 'ask-me', { event: 'question', args: [Buffer.from([1, 2])], timeout: PATIENCE });
  assert.deepEqual(answer, { answers: [Buffer.from([1, 2, 1, 2]), { empty: Buffer.alloc(0) }], error: false });
});

onEveryTransport('a client that does not answer is an error to the server after its timeout', async (via) => {
  const socket = await connected(via);
  assert.deepEqual(await ask(socket, 'ask-me', { event: 'question', timeout: 50 }), { answers: [], error: true });
});

onEveryTransport('an answer after the timeout of the server is ignored', async (via) => {
  const socket = await connected(via);
  const asked = new Promise((resolve) => { socket.on('question', resolve); });
  assert.equal((await ask(socket, 'ask-me', { event: 'question', timeout: 30 })).error, true);
  (await within(asked, 'the question'))('late');
  assert.equal(await ask(socket, 'message-with-ack', 'alive'), 'alive');
});

onEveryTransport('a client answers once, whatever it tries', async (via) => {
  const socket = await connected(via);
  socket.on('question', (ack) => {
    ack('first');
    ack('second');
  });
  const answer = await ask(socket, 'ask-me', { event: 'question', timeout: PATIENCE });
  assert.deepEqual(answer, { answers: ['first'], error: false });
});

onEveryTransport('many questions of the server at once get each its own answer', async (via) => {
  const socket = await connected(via);
  socket.on('question', (number, ack) => ack(number * 2));
  const numbers = Array.from({ length: 50 }, (_, index) => index);
  const answers = await Promise.all(numbers.map((number) => (
    ask(socket, 'ask-me', { event: 'question', args: [number], timeout: PATIENCE })
  )));
  assert.deepEqual(answers.map(({ answers: [answer] }) => answer), numbers.map((number) => number * 2));
});

onEveryTransport('a client that leaves while it is asked does no harm', async (via) => {
  const [asker, asked] = await crowd(2, via);
  await ask(asked, 'join', ['asked']);
  asked.on('question', () => asked.disconnect());
  const answer = await ask(asker, 'ask', { rooms: ['asked'], event: 'question', timeout: 100 });
  assert.deepEqual(answer, { answers: [], error: true });
});

onEveryTransport('an event with an acknowledgement that nobody wants is an event', async (via) => {
  const socket = await connected(via);
  socket.emit('slow', 1);
  assert.equal(await ask(socket, 'message-with-ack', 'alive'), 'alive');
});

onEveryTransport('a handler that fails tells the asker its code and message', async (via) => {
  const socket = await connected(via);
  const answer = await askAll(socket, 'throws', 4001, 'not today');
  assert.deepEqual(answer, [{ error: { code: 4001, message: 'not today' } }]);
  assert.equal(await ask(socket, 'message-with-ack', 'alive'), 'alive');
});

test('a handler that fails for one client serves the others', async () => {
  const [one, other] = await crowd(2);
  one.emit('throws', 4001, 'nobody asked');
  assert.equal(await ask(other, 'message-with-ack', 'alive'), 'alive');
  assert.deepEqual(await heard(one, other), [[], []]);
});

test('an event that nobody handles is not acknowledged, so that its timeout ends', async () => {
  const socket = await connected();
  await assert.rejects(socket.timeout(200).emitWithAck('nobody-handles-this', 1));
  assert.equal(await ask(socket, 'message-with-ack', 'alive'), 'alive');
});

onEveryTransport('an event that nobody handles is silence to who did not ask', async (via) => {
  const [socket, other] = await crowd(2, via);
  socket.emit('nobody-handles-this', 1, Buffer.from('x'));
  assert.deepEqual(await heard(socket, other), [[], []]);
});

for (const [name, event, args] of [
  ['no list of rooms', 'join', ['room']],
  ['no arguments', 'join', []],
  ['a text for milliseconds', 'slow', ['soon']],
  ['a list for an object', 'to', [[]]],
]) {
  ours(`arguments that do not fit (${name}) are an error to who asked, and the socket goes on`, async () => {
    const socket = await connected();
    const [{ error }] = await askAll(socket, event, ...args);
    assert.equal(typeof error.code, 'number');
    assert.ok(error.message.length > 0);
    assert.equal(await ask(socket, 'message-with-ack', 'alive'), 'alive');
  });
}
