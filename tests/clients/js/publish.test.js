'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { api, unique } = require('./broker');
const { connected, subscribed, errorCode, data } = require('./sdk');
const tokens = require('./tokens');

test('a publisher hears itself, with who it is', async () => {
  const c = await connected({ token: tokens.connection('42') });
  const { sub, publications } = await subscribed(c, unique('chat'));
  await sub.publish({ m: 'hi' });
  const publication = await publications.next();
  assert.deepEqual(publication.data, { m: 'hi' });
  assert.equal(publication.offset, 1);
  assert.equal(publication.info.user, '42');
  assert.notEqual(publication.info.client, '');
});

test('what one client publishes reaches the others in order', async () => {
  const channel = unique('chat');
  const author = await subscribed(await connected(), channel);
  const readers = [await subscribed(await connected(), channel), await subscribed(await connected(), channel)];
  const numbers = Array.from({ length: 100 }, (_, index) => index);
  await Promise.all(numbers.map((number) => author.sub.publish(number)));
  for (const { publications } of [author, ...readers]) {
    const got = await publications.take(100);
    assert.deepEqual(data(got), numbers);
    assert.deepEqual(got.map(({ offset }) => offset), numbers.map((number) => number + 1));
  }
});

test('what the API publishes carries tags and nobody as author', async () => {
  const channel = unique('chat');
  const { publications } = await subscribed(await connected(), channel);
  const result = await api('publish', { channel, data: { from: 'api' }, tags: { kind: 'a' } });
  assert.equal(result.offset, 1);
  const publication = await publications.next();
  assert.deepEqual(publication.data, { from: 'api' });
  assert.deepEqual(publication.tags, { kind: 'a' });
  assert.equal(publication.info, undefined);
});

test('every kind of JSON passes', async () => {
  const channel = unique('chat');
  const { sub, publications } = await subscribed(await connected(), channel);
  const values = [null, true, 0, -1.5e300, '', 'é\u2028\u0000"\\', [], {}, { nested: [{ deep: [1, [2]] }] }];
  for (const value of values) await sub.publish(value);
  assert.deepEqual(data(await publications.take(values.length)), values);
});

test('a publication of 60 KiB passes', async () => {
  const { sub, publications } = await subscribed(await connected(), unique('chat'));
  const text = 'x'.repeat(60 * 1024);
  await sub.publish(text);
  assert.equal((await publications.next()).data, text);
});

test('only subscribers publish where the namespace says so', async () => {
  const c = await connected();
  const channel = unique('chat');
  assert.equal(await errorCode(c.publish(channel, {})), 103);
  await subscribed(c, channel);
  await c.publish(channel, {});
});

test('clients do not publish where nobody may', async () => {
  const channel = unique('tokens');
  const c = await connected({ token: tokens.connection('42') });
  const { sub } = await subscribed(c, channel, { token: tokens.subscription('42', channel) });
  assert.equal(await errorCode(sub.publish({})), 103);
});

test('anyone publishes, subscribed or not, where anyone may', async () => {
  const channel = unique('open');
  const { publications } = await subscribed(await connected(), channel);
  await (await connected()).publish(channel, 'from outside');
  const publication = await publications.next();
  assert.equal(publication.data, 'from outside');
  assert.ok(publication.info);
});

test('users publish, anonymous clients do not, where users may', async () => {
  const channel = unique('users');
  await (await connected({ token: tokens.connection('42') })).publish(channel, 1);
  assert.equal(await errorCode((await connected()).publish(channel, 1)), 103);
});

test('publishing to an unknown namespace is error 102', async () => {
  assert.equal(await errorCode((await connected()).publish('nowhere:news', 1)), 102);
});

test('calls sent as one batch are all answered', async () => {
  const channel = unique('chat');
  const c = await connected();
  const { sub, publications } = await subscribed(c, channel);
  c.startBatching();
  const answers = [sub.publish('a'), sub.publish('b'), c.rpc('nobody', {}), sub.history({ limit: 10 })];
  c.stopBatching();
  const [first, second, rpc, history] = await Promise.allSettled(answers);
  assert.equal(first.status, 'fulfilled');
  assert.equal(second.status, 'fulfilled');
  assert.equal(rpc.reason.code, 108);
  assert.equal(history.status, 'fulfilled');
  assert.deepEqual(data(await publications.take(2)), ['a', 'b']);
});

test('a channel without history gives no offsets', async () => {
  const { sub, publications } = await subscribed(await connected(), unique());
  await sub.publish(1);
  assert.equal((await publications.next()).offset, undefined);
});
