'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { api, unique } = require('./broker');
const { connected, subscribed, errorCode, data } = require('./sdk');

/** A subscription to a channel in which the numbers from 1 to `count` were published. */
async function filled(count, namespace = 'chat') {
  const channel = unique(namespace);
  for (let number = 1; number <= count; number += 1) await api('publish', { channel, data: number });
  const { epoch } = await api('history', { channel });
  return { channel, epoch, ...await subscribed(await connected(), channel) };
}

test('without a limit history tells only where the stream stands', async () => {
  const { sub, epoch } = await filled(3);
  assert.deepEqual(await sub.history({}), { publications: [], offset: 3, epoch });
});

test('history goes forward from the oldest', async () => {
  const { sub } = await filled(5);
  const { publications, offset } = await sub.history({ limit: 3 });
  assert.deepEqual(data(publications), [1, 2, 3]);
  assert.deepEqual(publications.map((publication) => publication.offset), [1, 2, 3]);
  assert.equal(offset, 5);
});

test('history goes backward from the newest', async () => {
  const { sub } = await filled(5);
  assert.deepEqual(data((await sub.history({ limit: 3, reverse: true })).publications), [5, 4, 3]);
});

test('history since a position leaves that one out', async () => {
  const { sub, epoch } = await filled(5);
  const forward = await sub.history({ limit: 2, since: { offset: 2, epoch } });
  assert.deepEqual(data(forward.publications), [3, 4]);
  const backward = await sub.history({ limit: 10, since: { offset: 3, epoch }, reverse: true });
  assert.deepEqual(data(backward.publications), [2, 1]);
  const rest = await sub.history({ limit: 10, since: { offset: 5, epoch } });
  assert.deepEqual(rest.publications, []);
});

test('a limit of -1 asks for all', async () => {
  const { sub } = await filled(7);
  assert.deepEqual(data((await sub.history({ limit: -1 })).publications), [1, 2, 3, 4, 5, 6, 7]);
});

test('pages joined are the whole history', async () => {
  const { sub, epoch } = await filled(7);
  const all = [];
  for (let offset = 0; ;) {
    const { publications } = await sub.history({ limit: 3, since: { offset, epoch } });
    if (publications.length === 0) break;
    all.push(...data(publications));
    offset = publications.at(-1).offset;
  }
  assert.deepEqual(all, [1, 2, 3, 4, 5, 6, 7]);
});

test('only as many as the namespace keeps are there', async () => {
  const { sub } = await filled(5, 'small');
  const { publications, offset } = await sub.history({ limit: 10 });
  assert.deepEqual(data(publications), [4, 5]);
  assert.equal(offset, 5);
});

test('a position of another epoch is error 112', async () => {
  const { sub } = await filled(2);
  assert.equal(await errorCode(sub.history({ limit: 10, since: { offset: 1, epoch: 'another' } })), 112);
});

test('history keeps tags and authors', async () => {
  const { sub, channel } = await filled(0);
  await sub.publish('mine');
  await api('publish', { channel, data: 'tagged', tags: { kind: 'a' } });
  const { publications: [mine, tagged] } = await sub.history({ limit: 2 });
  assert.ok(mine.info.client);
  assert.deepEqual(tagged.tags, { kind: 'a' });
  assert.equal(tagged.info, undefined);
});

test('after history is removed the offset stays', async () => {
  const { sub, channel, epoch } = await filled(3);
  await api('history_remove', { channel });
  assert.deepEqual(await sub.history({ limit: 10 }), { publications: [], offset: 3, epoch });
  await sub.publish('next');
  const { publications: [next] } = await sub.history({ limit: 10 });
  assert.equal(next.offset, 4);
});

test('history is for subscribers by default', async () => {
  assert.equal(await errorCode((await connected()).history(unique('chat'), { limit: 1 })), 103);
});

test('history for anyone needs no subscription, and an unused channel has an empty one', async () => {
  const { publications, offset, epoch } = await (await connected()).history(unique('open'), { limit: 100 });
  assert.deepEqual([publications, offset], [[], 0]);
  assert.notEqual(epoch, '');
});

test('history of a channel that keeps none is error 108, subscribed or not', async () => {
  const c = await connected();
  const channel = unique();
  assert.equal(await errorCode(c.history(channel, { limit: 1 })), 108);
  const { sub } = await subscribed(c, channel);
  assert.equal(await errorCode(sub.history({ limit: 1 })), 108);
});

test('history for nobody is error 103', async () => {
  const { sub } = await subscribed(await connected(), unique('discreet'));
  assert.equal(await errorCode(sub.history({ limit: 1 })), 103);
});

test('history of an unknown namespace is error 102', async () => {
  assert.equal(await errorCode((await connected()).history('nowhere:news', { limit: 1 })), 102);
});
