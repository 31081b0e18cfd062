'use strict';
// Handler actors, as a client meets them: against the example app, which has one of each kind.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { unique } = require('./broker');
const { client, connected, inbox, subscribed, errorCode } = require('./sdk');

const { TEST_CHAT_URL } = process.env;
if (!TEST_CHAT_URL) throw new Error('TEST_CHAT_URL is not set: run these tests through `cargo test --test clients`');
const chatWs = `${TEST_CHAT_URL.replace(/^http/, 'ws')}/connection/websocket`;

test('a handler knows who calls', async () => {
  const c = client({}, chatWs);
  const told = inbox(c, 'connected');
  c.connect();
  const { client: id } = await told.next();
  assert.deepEqual((await c.rpc('whoami', {})).data, { user: '', client: id });
});

test('what a handler gets is what was sent, and so is its answer', async () => {
  const c = await connected({}, chatWs);
  for (const data of [null, 0, 'text', [1, { deep: 'é' }]]) assert.deepEqual((await c.rpc('echo', data)).data, data);
});

test('a method that the handler does not know is error 104', async () => {
  assert.equal(await errorCode((await connected({}, chatWs)).rpc('dance', {})), 104);
});

test('a panic in a handler is error 100 to that caller, and the handler goes on', async () => {
  const c = await connected({}, chatWs);
  const other = await connected({}, chatWs);
  const [panicked, fine] = await Promise.allSettled([c.rpc('panic', {}), other.rpc('echo', 1)]);
  assert.equal(panicked.reason.code, 100);
  assert.equal(fine.value.data, 1);
  assert.equal((await c.rpc('echo', 2)).data, 2);
});

test('many calls at once are all answered', async () => {
  const c = await connected({}, chatWs);
  const numbers = Array.from({ length: 50 }, (_, index) => index);
  const answers = await Promise.all(numbers.map((number) => c.rpc('echo', number)));
  assert.deepEqual(answers.map(({ data }) => data), numbers);
});

test('a handler changes what is published, and refuses what it does not like', async () => {
  const c = await connected({}, chatWs);
  const { sub, publications } = await subscribed(c, unique('chat'));
  assert.equal(await errorCode(sub.publish({ text: 'x'.repeat(1001) })), 106);
  assert.equal(await errorCode(sub.publish({ words: 'none' })), 107);
  await sub.publish({ text: '  hello  ' });
  assert.deepEqual((await publications.next()).data, { from: '', text: 'hello' });
  await sub.publish({ name: ' Ada ', text: 'hello' });
  assert.deepEqual((await publications.next()).data, { from: 'Ada', text: 'hello' });
});

test('a message goes to the handler, which answers that client alone', async () => {
  const [c, other] = [await connected({}, chatWs), await connected({}, chatWs)];
  const [mine, others] = [inbox(c, 'message'), inbox(other, 'message')];
  await c.send({ ping: 1 });
  assert.deepEqual((await mine.next()).data, { ping: 1 });
  await other.rpc('echo', 1);
  assert.deepEqual(others.items, []);
});
