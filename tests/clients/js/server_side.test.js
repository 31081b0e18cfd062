'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { OPEN, OTHER, api, unique } = require('./broker');
const { Cable } = require('./cable');
const { client, connected, inbox, subscribed } = require('./sdk');
const tokens = require('./tokens');

/** A connected user with inboxes for what the server does to its subscriptions. */
async function user(name, claims = {}, endpoint = undefined) {
  const c = client({ token: tokens.connection(name, claims) }, endpoint);
  const told = Object.fromEntries(['subscribed', 'unsubscribed', 'publication', 'connecting', 'disconnected', 'join']
    .map((event) => [event, inbox(c, event)]));
  c.connect();
  await c.ready(5000);
  return { c, ...told };
}

test("the token's channels are subscribed with the connection", async () => {
  const [first, second] = [unique('chat'), unique()];
  const u = await user(unique(), { channels: [first, second] });
  const subs = await u.subscribed.take(2);
  assert.deepEqual(subs.map(({ channel }) => channel).sort(), [first, second].sort());
  assert.equal(subs.find(({ channel }) => channel === first).recoverable, true);
  await api('publish', { channel: second, data: 1 });
  const { channel, data } = await u.publication.next();
  assert.deepEqual([channel, data], [second, 1]);
});

test("the token's subs carry data, info and their own options", async () => {
  const channel = unique('open');
  const u = await user(unique(), {
    subs: { [channel]: { data: { hello: 1 }, info: { role: 'host' }, override: { force_recovery: { value: false } } } },
  });
  const { data } = await u.subscribed.next();
  assert.deepEqual(data, { hello: 1 });
  const [info] = Object.values((await api('presence', { channel })).presence);
  assert.deepEqual(info.chan_info, { role: 'host' });
});

test('a channel of an unknown namespace in the token is error 102', async () => {
  const c = client({ token: tokens.connection('42', { channels: ['nowhere:news'] }) });
  const disconnected = inbox(c, 'disconnected');
  c.connect();
  assert.equal((await disconnected.next()).code, 102);
});

test('a user has a channel of its own', async () => {
  const name = unique();
  const u = await user(name);
  assert.equal((await u.subscribed.next()).channel, `#${name}`);
  await api('publish', { channel: `#${name}`, data: 'for you' });
  assert.equal((await u.publication.next()).data, 'for you');
});

test('an anonymous client has no channel of its own', async () => {
  const c = client();
  const told = inbox(c, 'subscribed');
  c.connect();
  await c.ready(5000);
  const { sub, publications } = await subscribed(c, unique('open'));
  await sub.publish('mark');
  await publications.next();
  assert.deepEqual(told.items, []);
});

test('the API subscribes a user, with data', async () => {
  const name = unique();
  const channel = unique('chat');
  const u = await user(name);
  await u.subscribed.next();
  await api('subscribe', { user: name, channel, data: { why: 'invited' } });
  const ctx = await u.subscribed.next();
  assert.equal(ctx.channel, channel);
  assert.deepEqual(ctx.data, { why: 'invited' });
  assert.equal(ctx.recoverable, true);
  await api('publish', { channel, data: 1 });
  assert.equal((await u.publication.next()).data, 1);
});

test('the API subscribes from a position', async () => {
  const name = unique();
  const channel = unique('chat');
  await api('publish', { channel, data: 1 });
  const { epoch } = await api('history', { channel });
  await api('publish', { channel, data: 2 });
  const u = await user(name);
  await u.subscribed.next();
  await api('subscribe', { user: name, channel, recover_since: { offset: 1, epoch } });
  assert.equal((await u.subscribed.next()).channel, channel);
  assert.equal((await u.publication.next()).data, 2);
});

test('the API subscribes one client of a user', async () => {
  const name = unique();
  const channel = unique('chat');
  const [one, other] = [client({ token: tokens.connection(name) }), await user(name)];
  const connectedCtx = inbox(one, 'connected');
  const told = inbox(one, 'subscribed');
  one.connect();
  const { client: id } = await connectedCtx.next();
  await told.next();
  await other.subscribed.next();
  await api('subscribe', { user: name, channel, client: id });
  assert.equal((await told.next()).channel, channel);
  assert.equal((await api('presence_stats', { channel })).num_clients, 1);
});

test('a server-side subscription recovers over a cut', async () => {
  const channel = unique('chat');
  const cable = await Cable.lay(OPEN, OTHER);
  const u = await user(unique(), { channels: [channel] }, cable.ws);
  await u.subscribed.take(2);
  await api('publish', { channel, data: 1 });
  assert.equal((await u.publication.next()).data, 1);
  await u.connecting.next();
  cable.cut();
  await u.connecting.next();
  for (const data of [2, 3]) await api('publish', { channel, data });
  cable.mend();
  const again = (await u.subscribed.take(2)).find((sub) => sub.channel === channel);
  assert.equal(again.wasRecovering, true);
  assert.equal(again.recovered, true);
  assert.deepEqual((await u.publication.take(2)).map(({ data }) => data), [2, 3]);
});

test('the API unsubscribes a user from a channel of its own choice, with code 2000', async () => {
  const name = unique();
  const channel = unique('chat');
  const { c } = await user(name);
  const { sub } = await subscribed(c, channel);
  const gone = inbox(sub, 'unsubscribed');
  await api('unsubscribe', { user: name, channel });
  const { code, reason } = await gone.next();
  assert.deepEqual([code, reason], [2000, 'server unsubscribe']);
  assert.equal((await api('presence_stats', { channel })).num_clients, 0);
});

test('the API unsubscribes a user from a server-side channel', async () => {
  const name = unique();
  const channel = unique('chat');
  const u = await user(name, { channels: [channel] });
  await u.subscribed.take(2);
  await api('unsubscribe', { user: name, channel });
  assert.equal((await u.unsubscribed.next()).channel, channel);
});

test('the API unsubscribes a user from everything and says so for each channel', async () => {
  const name = unique();
  const channels = [unique('chat'), unique('chat')];
  const { c } = await user(name);
  const gone = [];
  for (const channel of channels) gone.push(inbox((await subscribed(c, channel)).sub, 'unsubscribed'));
  await api('unsubscribe', { user: name, channel: '' });
  for (const inboxOfSub of gone) assert.equal((await inboxOfSub.next()).code, 2000);
});

for (const [disconnect, terminal] of [
  [undefined, { code: 3503, reason: 'force disconnect' }],
  [{ code: 4500, reason: 'ban' }, { code: 4500, reason: 'ban' }],
  [{ code: 4999, reason: 'bye' }, { code: 4999, reason: 'bye' }],
]) {
  test(`the API ends a user's connection for good with ${terminal.code}`, async () => {
    const name = unique();
    const u = await user(name);
    await api('disconnect', { user: name, disconnect });
    const { code, reason } = await u.disconnected.next();
    assert.deepEqual({ code, reason }, terminal);
  });
}

test('the API makes a user come back with a code below 4500', async () => {
  const name = unique();
  const u = await user(name);
  await u.connecting.next();
  await api('disconnect', { user: name, disconnect: { code: 4000, reason: 'move over' } });
  const { code, reason } = await u.connecting.next();
  assert.deepEqual([code, reason], [4000, 'move over']);
  await u.c.ready(5000);
});

test('the API disconnects all clients of a user but those on the list', async () => {
  const name = unique();
  const kept = client({ token: tokens.connection(name) });
  const keptCtx = inbox(kept, 'connected');
  kept.connect();
  const { client: id } = await keptCtx.next();
  const other = await user(name);
  await api('disconnect', { user: name, whitelist: [id] });
  assert.equal((await other.disconnected.next()).code, 3503);
  assert.equal(kept.state, 'connected');
  await subscribed(kept, unique());
});
