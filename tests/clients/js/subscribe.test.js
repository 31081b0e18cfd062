'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { api, unique } = require('./broker');
const { connected, inbox, subscribed, refusal, eventually, data } = require('./sdk');
const tokens = require('./tokens');

const asUser = (user, claims) => connected({ token: tokens.connection(user, claims) });

/** How the broker ends the connection of a client that subscribes with this token. */
async function endedBy(c, channel, token) {
  const disconnected = inbox(c, 'disconnected');
  c.newSubscription(channel, { token }).subscribe();
  return (await disconnected.next()).code;
}

test('a plain channel has no position', async () => {
  const { ctx } = await subscribed(await connected(), unique());
  assert.equal(ctx.recoverable, false);
  assert.equal(ctx.positioned, false);
  assert.equal(ctx.streamPosition, undefined);
});

test('forced recovery gives every subscriber a position', async () => {
  const { ctx } = await subscribed(await connected(), unique('chat'));
  assert.equal(ctx.recoverable, true);
  assert.equal(ctx.positioned, true);
  assert.equal(ctx.wasRecovering, false);
  assert.equal(ctx.recovered, false);
  assert.equal(ctx.streamPosition.offset, 0);
  assert.notEqual(ctx.streamPosition.epoch, '');
});

test('allowed recovery and positions are for those who ask', async () => {
  const c = await connected();
  const silent = await subscribed(c, unique('asked'));
  assert.equal(silent.ctx.recoverable, false);
  assert.equal(silent.ctx.positioned, false);
  const recoverable = await subscribed(c, unique('asked'), { recoverable: true });
  assert.equal(recoverable.ctx.recoverable, true);
  const positioned = await subscribed(c, unique('asked'), { positioned: true });
  assert.equal(positioned.ctx.positioned, true);
});

test('who asks for positions where nothing is granted is subscribed without', async () => {
  const { ctx } = await subscribed(await connected(), unique(), { recoverable: true, positioned: true });
  assert.equal(ctx.recoverable, false);
  assert.equal(ctx.positioned, false);
});

test('an unknown namespace is error 102', async () => {
  assert.equal(await refusal(await connected(), 'nowhere:news'), 102);
});

test('a name over 255 bytes is error 107', async () => {
  const c = await connected();
  assert.equal(await refusal(c, 'n'.repeat(256)), 107);
  await subscribed(c, unique().padEnd(255, 'n'));
});

test('the 129th channel of a connection is error 106', async () => {
  const c = await connected();
  const stem = unique();
  await Promise.all(Array.from({ length: 128 }, (_, index) => subscribed(c, `${stem}-${index}`)));
  assert.equal(await refusal(c, `${stem}-one-more`), 106);
  const sub = c.getSubscription(`${stem}-0`);
  const gone = inbox(sub, 'unsubscribed');
  sub.unsubscribe();
  await gone.next();
  await subscribed(c, `${stem}-one-more`);
});

test('a channel that asks for a token refuses those without', async () => {
  const c = await asUser('42');
  assert.equal(await refusal(c, unique('tokens')), 103);
  assert.equal(await refusal(c, `$${unique()}`), 103);
});

test('a subscription token opens its channel', async () => {
  const c = await asUser('42');
  for (const channel of [unique('tokens'), `$${unique()}`, unique('chat')]) {
    const { ctx } = await subscribed(c, channel, { token: tokens.subscription('42', channel) });
    assert.equal(ctx.channel, channel);
  }
});

test('an anonymous client subscribes with a token without a subject and without an expiry', async () => {
  const channel = unique('tokens');
  await subscribed(await connected(), channel, { token: tokens.sign({ channel, iat: 1737532348 }) });
});

test('a bad subscription token refuses even where anyone may subscribe', async () => {
  assert.equal(await refusal(await connected(), unique('chat'), { token: 'garbage' }), 103);
  const channel = unique('tokens');
  const forged = tokens.sign({ sub: '42', channel }, 'another secret of a decent length');
  assert.equal(await refusal(await asUser('42'), channel, { token: forged }), 103);
});

test("another channel's token ends the connection", async () => {
  const token = tokens.subscription('42', unique('tokens'));
  assert.equal(await endedBy(await asUser('42'), unique('tokens'), token), 3500);
});

test("another user's token ends the connection", async () => {
  const channel = unique('tokens');
  assert.equal(await endedBy(await asUser('42'), channel, tokens.subscription('43', channel)), 3500);
});

test('an expired subscription token makes the client ask for a fresh one', async () => {
  const channel = unique('tokens');
  let asked = 0;
  const { ctx } = await subscribed(await asUser('42'), channel, {
    token: tokens.subscription('42', channel, { exp: tokens.seconds(-3600) }),
    getToken: async () => {
      asked += 1;
      return tokens.subscription('42', channel);
    },
  });
  assert.equal(ctx.channel, channel);
  assert.equal(asked, 1);
});

test('users named in the channel may subscribe, nobody else', async () => {
  const channel = `${unique()}#41,42`;
  await subscribed(await asUser('42'), channel);
  assert.equal(await refusal(await asUser('4'), channel), 103);
  assert.equal(await refusal(await connected(), channel), 103);
});

test('the rule "user" is for whoever is not anonymous', async () => {
  await subscribed(await asUser('42'), unique('users'));
  assert.equal(await refusal(await connected(), unique('users')), 103);
});

test('the rule "scope" is for those whose token has it', async () => {
  await subscribed(await asUser('42', { scope: 'other reports' }), unique('scoped'));
  assert.equal(await refusal(await asUser('42', { scope: 'other reporting' }), unique('scoped')), 103);
  assert.equal(await refusal(await asUser('42'), unique('scoped')), 103);
});

test('what is published between an unsubscribe and the next subscribe does not arrive', async () => {
  const c = await connected();
  const channel = unique();
  const { sub, subscribed: told, publications } = await subscribed(c, channel);
  await api('publish', { channel, data: 1 });
  assert.equal((await publications.next()).data, 1);
  const gone = inbox(sub, 'unsubscribed');
  sub.unsubscribe();
  assert.equal((await gone.next()).code, 0);
  await eventually(() => api('channels', { pattern: channel }), ({ channels }) => !channels[channel]);
  await api('publish', { channel, data: 2 });
  sub.subscribe();
  await told.next();
  await api('publish', { channel, data: 3 });
  assert.equal((await publications.next()).data, 3);
});

test('subscribing and unsubscribing in a tight loop ends as the last call said', async () => {
  const channel = unique('open');
  const c = await connected();
  const sub = c.newSubscription(channel);
  for (let round = 0; round < 10; round += 1) {
    sub.subscribe();
    sub.unsubscribe();
  }
  sub.subscribe();
  await sub.ready(5000);
  assert.deepEqual(await sub.presenceStats(), { numClients: 1, numUsers: 1 });
  sub.unsubscribe();
  await eventually(() => c.presenceStats(channel), ({ numClients }) => numClients === 0);
});

test('subscriptions made before the connection are served in one go', async () => {
  const c = await connected();
  c.disconnect();
  const stem = unique('chat');
  const subs = Array.from({ length: 5 }, (_, index) => c.newSubscription(`${stem}-${index}`));
  for (const sub of subs) sub.subscribe();
  c.connect();
  await Promise.all(subs.map((sub) => sub.ready(5000)));
});

test('a subscriber of many channels hears each of them', async () => {
  const c = await connected();
  const stem = unique();
  const subs = await Promise.all([0, 1, 2].map((index) => subscribed(c, `${stem}-${index}`)));
  await api('broadcast', { channels: [0, 1, 2].map((index) => `${stem}-${index}`), data: 'all' });
  for (const { publications } of subs) assert.deepEqual(data(await publications.take(1)), ['all']);
});
