'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { PATIENCE, onEveryTransport, crowd, ask, told } = require('./sockets');

/** Sockets that answer a question with their number; the number of one that keeps silent is negative. */
async function answering(via, ...numbers) {
  const sockets = await crowd(numbers.length, via);
  sockets.forEach((socket, index) => {
    socket.on('question', (ack) => {
      if (numbers[index] >= 0) ack(numbers[index]);
    });
  });
  return sockets;
}

/** Has the server ask; the answers sorted, because they come in any order. */
async function asked(socket, what) {
  const { answers, error } = await ask(socket, 'ask', { event: 'question', timeout: PATIENCE, ...what });
  return { answers: answers.sort(), error };
}

onEveryTransport('everyone is asked and answers', async (via) => {
  const [first] = await answering(via, 1, 2, 3);
  assert.deepEqual(await asked(first, {}), { answers: [1, 2, 3], error: false });
});

onEveryTransport('a room is asked, and nobody else', async (via) => {
  const [first, second, third] = await answering(via, 1, 2, 3);
  await Promise.all([second, third].map((socket) => ask(socket, 'join', ['a'])));
  assert.deepEqual(await asked(first, { rooms: ['a', third.id] }), { answers: [2, 3], error: false });
  assert.deepEqual(await asked(first, { except: ['a'] }), { answers: [1], error: false });
});

onEveryTransport('who does not answer in time is missing, and the other answers are there', async (via) => {
  const [first] = await answering(via, 1, -2, 3);
  assert.deepEqual(await asked(first, { timeout: 300 }), { answers: [1, 3], error: true });
});

onEveryTransport('if nobody answers in time there are no answers', async (via) => {
  const [first] = await answering(via, -1, -2);
  assert.deepEqual(await asked(first, { timeout: 50 }), { answers: [], error: true });
});

onEveryTransport('nobody to ask means no answers at once, and no error', async (via) => {
  const [first] = await answering(via, 1);
  assert.deepEqual(await asked(first, { rooms: ['no such room'] }), { answers: [], error: false });
});

onEveryTransport('one client alone is asked by its id', async (via) => {
  const [first, second] = await answering(via, 1, 2);
  assert.deepEqual(await asked(first, { rooms: [second.id] }), { answers: [2], error: false });
});

onEveryTransport('of several arguments of an answer the first counts, and null if there is none', async (via) => {
  const [first, second] = await crowd(2, via);
  first.on('question', (ack) => ack('a', 'b'));
  second.on('question', (ack) => ack(null));
  const { answers, error } = await asked(first, {});
  assert.deepEqual([new Set(answers), error], [new Set(['a', null]), false]);
});

onEveryTransport('everyone is asked with binary and answers with binary', async (via) => {
  const sockets = await crowd(3, via);
  for (const socket of sockets) socket.on('question', ({ bytes }, ack) => ack({ back: Buffer.concat([bytes, bytes]) }));
  const { answers, error } = await asked(sockets[0], { args: [{ bytes: Buffer.from([7]) }] });
  assert.equal(error, false);
  assert.deepEqual(answers, Array(3).fill({ back: Buffer.from([7, 7]) }));
});

onEveryTransport('several questions at once do not mix their answers', async (via) => {
  const sockets = await crowd(3, via);
  for (const socket of sockets) socket.on('question', (number, ack) => ack(number));
  const all = await Promise.all([1, 2, 3, 4, 5].map((number) => asked(sockets[number % 3], { args: [number] })));
  assert.deepEqual(all.map(({ answers }) => answers), [1, 2, 3, 4, 5].map((number) => Array(3).fill(number)));
});

onEveryTransport('an answer that comes after the timeout is in no later answers', async (via) => {
  const [first, second] = await crowd(2, via);
  let late;
  const wasAsked = told(second, 'question');
  first.on('question', (ack) => ack('now'));
  second.once('question', (ack) => { late = ack; });
  assert.deepEqual(await asked(first, { timeout: 200 }), { answers: ['now'], error: true });
  await wasAsked;
  late('late');
  second.on('question', (ack) => ack('then'));
  assert.deepEqual(await asked(first, {}), { answers: ['now', 'then'], error: false });
});

test('forty clients are asked and answer', async () => {
  const numbers = Array.from({ length: 40 }, (_, index) => 100 + index);
  const [first] = await answering({ transports: ['websocket'] }, ...numbers);
  assert.deepEqual(await asked(first, {}), { answers: numbers, error: false });
});
