'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { api, unique } = require('./broker');
const { client, connected, inbox, subscribed } = require('./sdk');
const tokens = require('./tokens');

test('a connection refreshes its token before it expires and stays', async () => {
  const name = unique();
  const c = client({
    token: tokens.connection(name, { exp: tokens.seconds(2) }),
    getToken: async () => {
      asked();
      return tokens.connection(name);
    },
  });
  let asked;
  const refreshed = new Promise((resolve) => { asked = resolve; });
  const connecting = inbox(c, 'connecting');
  c.connect();
  await connecting.next();
  await refreshed;
  const { sub, publications } = await subscribed(c, unique('chat'));
  await sub.publish(1);
  await publications.next();
  assert.deepEqual(connecting.items, []);
});

test('a connection that refreshes with rubbish is ended for good', async () => {
  const c = client({ token: tokens.connection(unique(), { exp: tokens.seconds(2) }), getToken: async () => 'garbage' });
  const disconnected = inbox(c, 'disconnected');
  c.connect();
  assert.equal((await disconnected.next()).code, 3500);
});

test("a connection that refreshes with another user's token is ended for good", async () => {
  const c = client({
    token: tokens.connection(unique(), { exp: tokens.seconds(2) }),
    getToken: async () => tokens.connection('somebody else'),
  });
  const disconnected = inbox(c, 'disconnected');
  c.connect();
  assert.equal((await disconnected.next()).code, 3500);
});

test('a subscription refreshes its token before it expires and stays', async () => {
  const channel = unique('tokens');
  let asked;
  const refreshed = new Promise((resolve) => { asked = resolve; });
  const c = await connected({ token: tokens.connection('42') });
  const { sub, publications } = await subscribed(c, channel, {
    token: tokens.subscription('42', channel, { exp: tokens.seconds(2) }),
    getToken: async () => {
      asked();
      return tokens.subscription('42', channel);
    },
  });
  const subscribing = inbox(sub, 'subscribing');
  await refreshed;
  await c.rpc('nobody', {}).catch(() => {});
  await api('publish', { channel, data: 1 });
  assert.equal((await publications.next()).data, 1);
  assert.deepEqual(subscribing.items, []);
});

test('the API marks a connection as expired and the client comes back with a fresh token', async () => {
  const name = unique();
  const c = client({ token: tokens.connection(name), getToken: async () => tokens.connection(name) });
  const connecting = inbox(c, 'connecting');
  c.connect();
  await c.ready(5000);
  await connecting.next();
  await api('refresh', { user: name, expired: true });
  const { code, reason } = await connecting.next();
  assert.deepEqual([code, reason], [3005, 'connection expired']);
  await c.ready(5000);
});
