'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { api, unique } = require('./broker');
const { client, connected, inbox, subscribed, errorCode, eventually } = require('./sdk');
const tokens = require('./tokens');

const asUser = (user, claims) => connected({ token: tokens.connection(user, claims) });

test('presence tells who is there, and stats how many', async () => {
  const channel = unique('chat');
  const c = await asUser('42', { info: { name: 'Ada' } });
  const { sub } = await subscribed(c, channel);
  await subscribed(await asUser('42'), channel);
  await subscribed(await asUser('43'), channel);
  const { clients } = await sub.presence();
  assert.deepEqual(Object.values(clients).map(({ user }) => user).sort(), ['42', '42', '43']);
  for (const [id, info] of Object.entries(clients)) assert.equal(info.client, id);
  const named = Object.values(clients).filter(({ connInfo }) => connInfo);
  assert.deepEqual(named.map(({ connInfo }) => connInfo), [{ name: 'Ada' }]);
  assert.deepEqual(await sub.presenceStats(), { numClients: 3, numUsers: 2 });
});

test('who is subscribed is present, even when asked in the next moment', async () => {
  const channel = unique('chat');
  await subscribed(await connected(), channel);
  for (let round = 0; round < 100; round += 1) {
    const c = client();
    const told = inbox(c, 'connected');
    c.connect();
    const { client: id } = await told.next();
    const { sub } = await subscribed(c, channel);
    const { clients } = await sub.presence();
    assert.ok(clients[id], `round ${round}`);
    c.disconnect();
  }
});

test("a subscription token's info is seen in presence as the channel's", async () => {
  const channel = unique('chat');
  const token = tokens.subscription('42', channel, { info: { role: 'host' } });
  const { sub } = await subscribed(await asUser('42'), channel, { token });
  const [info] = Object.values((await sub.presence()).clients);
  assert.deepEqual(info.chanInfo, { role: 'host' });
});

test('who unsubscribes is gone from presence', async () => {
  const channel = unique('chat');
  const { sub: leaver } = await subscribed(await connected(), channel);
  const { sub: watcher } = await subscribed(await connected(), channel);
  assert.equal((await watcher.presenceStats()).numClients, 2);
  leaver.unsubscribe();
  await eventually(() => watcher.presenceStats(), ({ numClients }) => numClients === 1);
});

test('presence is for subscribers by default', async () => {
  const c = await connected();
  assert.equal(await errorCode(c.presence(unique('chat'))), 103);
  assert.equal(await errorCode(c.presenceStats(unique('chat'))), 103);
});

test('presence of a channel that keeps none is error 108, subscribed or not', async () => {
  const c = await connected();
  const channel = unique();
  assert.equal(await errorCode(c.presence(channel)), 108);
  await subscribed(c, channel);
  assert.equal(await errorCode(c.presence(channel)), 108);
  assert.equal(await errorCode(c.presenceStats(channel)), 108);
});

test('presence for anyone needs no subscription', async () => {
  const c = await connected();
  const channel = unique('open');
  assert.deepEqual(await c.presence(channel), { clients: {} });
  assert.deepEqual(await c.presenceStats(channel), { numClients: 0, numUsers: 0 });
});

test('presence for nobody is error 103', async () => {
  const { sub } = await subscribed(await connected(), unique('discreet'));
  assert.equal(await errorCode(sub.presence()), 103);
});

test('presence of an unknown namespace is error 102', async () => {
  assert.equal(await errorCode((await connected()).presence('nowhere:news')), 102);
});

test('who asks hears joins and leaves, its own join first', async () => {
  const channel = unique('chat');
  const watcher = await asUser('1');
  const sub = watcher.newSubscription(channel, { joinLeave: true });
  const joins = inbox(sub, 'join');
  const leaves = inbox(sub, 'leave');
  sub.subscribe();
  await sub.ready(5000);
  assert.equal((await joins.next()).info.user, '1');
  const visitor = await asUser('42', { info: { name: 'Ada' } });
  const { sub: visit } = await subscribed(visitor, channel);
  const { info } = await joins.next();
  assert.equal(info.user, '42');
  assert.deepEqual(info.connInfo, { name: 'Ada' });
  visit.unsubscribe();
  const left = await leaves.next();
  assert.equal(left.info.client, info.client);
  await subscribed(await asUser('43'), channel);
  assert.equal((await joins.next()).info.user, '43');
});

test('a closed connection is a leave', async () => {
  const channel = unique('chat');
  const { sub } = await subscribed(await connected(), channel, { joinLeave: true });
  const leaves = inbox(sub, 'leave');
  const visitor = await asUser('42');
  await subscribed(visitor, channel);
  visitor.disconnect();
  assert.equal((await leaves.next()).info.user, '42');
});

test('who did not ask hears no joins, unless they are pushed to all', async () => {
  const silent = await subscribed(await connected(), unique('chat'));
  const joins = inbox(silent.sub, 'join');
  await subscribed(await asUser('42'), silent.sub.channel);
  await api('publish', { channel: silent.sub.channel, data: 'mark' });
  await silent.publications.next();
  assert.deepEqual(joins.items, []);

  const pushed = await subscribed(await connected(), unique('pushjoin'));
  const pushedJoins = inbox(pushed.sub, 'join');
  await subscribed(await asUser('42'), pushed.sub.channel);
  await eventually(async () => pushedJoins.items.map(({ info }) => info.user), (users) => users.includes('42'));
});

test('joins are not told where the namespace does not tell them', async () => {
  const channel = unique('open');
  const { sub, publications } = await subscribed(await connected(), channel, { joinLeave: true });
  const joins = inbox(sub, 'join');
  await subscribed(await asUser('42'), channel);
  await api('publish', { channel, data: 'mark' });
  await publications.next();
  assert.deepEqual(joins.items, []);
});
