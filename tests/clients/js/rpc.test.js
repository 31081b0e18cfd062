'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { unique } = require('./broker');
const { client, connected, inbox, subscribed, errorCode } = require('./sdk');
const tokens = require('./tokens');

test('a call that nobody handles is error 108', async () => {
  assert.equal(await errorCode((await connected()).rpc('method', { my: 'data' })), 108);
});

test('a call made before the connection is answered after it', async () => {
  const c = client();
  const code = errorCode(c.rpc('method', {}));
  c.connect();
  assert.equal(await code, 108);
});

test('a message that nobody handles ends the connection with 3508', async () => {
  const c = await connected();
  const disconnected = inbox(c, 'disconnected');
  await c.send({ k: 1 });
  const { code, reason } = await disconnected.next();
  assert.deepEqual([code, reason], [3508, 'not available']);
});

const { TEST_CHAT_URL } = process.env;
const chatWs = TEST_CHAT_URL && `${TEST_CHAT_URL.replace(/^http/, 'ws')}/connection/websocket`;

test('the example app answers who one is', { skip: !TEST_CHAT_URL && 'runs with the example app' }, async () => {
  const c = client({ token: tokens.connection('42') }, chatWs);
  const told = inbox(c, 'connected');
  c.connect();
  const { client: id } = await told.next();
  assert.deepEqual((await c.rpc('whoami', {})).data, { user: '42', client: id });
  assert.equal(await errorCode(c.rpc('nobody handles this', {})), 108);
  const { sub, publications } = await subscribed(c, unique('chat'));
  await sub.publish({ text: 'hello' });
  await publications.next();
});
