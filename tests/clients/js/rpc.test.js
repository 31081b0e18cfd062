'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { client, connected, inbox, errorCode } = require('./sdk');

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
