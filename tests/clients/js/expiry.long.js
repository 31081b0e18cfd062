'use strict';
// Expiries that nobody refreshes: they take effect after a grace of 25 s, so these tests run with `make test-long`.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { api, unique } = require('./broker');
const { connected, subscribed } = require('./sdk');
const { line } = require('./raw');
const tokens = require('./tokens');

/** Waits for what comes after a grace, and fails if it comes before. */
async function afterGrace(waiting) {
  const started = Date.now();
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('nothing in 40 s')), 40_000); });
  const told = await Promise.race([waiting, late]);
  clearTimeout(timer);
  assert.ok(Date.now() - started > 20_000, `after ${Date.now() - started} ms already`);
  return told;
}

async function connectionThatIsNotRefreshed() {
  const l = await line({ token: tokens.connection('42', { exp: tokens.seconds(2) }) });
  l.socket.on('message', (message) => { if (message.toString() === '{}') l.send('{}'); });
  assert.deepEqual(await afterGrace(l.closed), { code: 3005, reason: 'connection expired' });
}

async function subscriptionThatIsNotRefreshed() {
  const channel = unique('tokens');
  const c = await connected({ token: tokens.connection('42') });
  const { sub } = await subscribed(c, channel, {
    token: tokens.subscription('42', channel, { exp: tokens.seconds(2) }),
    // Never settles, so nothing is refreshed.
    getToken: () => new Promise(() => {}),
  });
  const ended = new Promise((resolve) => { sub.on('subscribing', resolve); });
  assert.equal((await afterGrace(ended)).code, 2501);
}

async function serverSideSubscriptionThatExpires() {
  const name = unique();
  const c = await connected({ token: tokens.connection(name) });
  const told = new Promise((resolve) => { c.on('connecting', resolve); });
  await api('subscribe', { user: name, channel: unique('chat'), expire_at: tokens.seconds(2) });
  assert.equal((await afterGrace(told)).code, 3006);
}

// In one test, to wait for the grace once only.
test('what expires ends with its code after the grace', async () => {
  await Promise.all([
    connectionThatIsNotRefreshed(), subscriptionThatIsNotRefreshed(), serverSideSubscriptionThatExpires(),
  ]);
});
