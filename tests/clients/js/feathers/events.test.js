'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { onEveryTransport, client, heard, failure, told, unique } = require('./apps');

onEveryTransport('what is created, updated, patched and removed becomes an event for all', async (via) => {
  const [writer, listener] = [await client(via), await client(via)];
  const run = unique();
  const messages = writer.service('messages');
  const { id } = await messages.create({ run, text: 'a' });
  await messages.update(id, { run, text: 'b' });
  await messages.patch(id, { done: true });
  await messages.remove(id);
  const expected = [
    ['messages created', { text: 'a', id }], ['messages updated', { text: 'b', id }],
    ['messages patched', { text: 'b', done: true, id }], ['messages removed', { text: 'b', done: true, id }],
  ];
  assert.deepEqual(await heard(run, writer, listener), [expected, expected]);
});

onEveryTransport('an array becomes one event for each of its items, in their order', async (via) => {
  const app = await client(via);
  const run = unique();
  const messages = app.service('messages');
  const texts = ['a', 'b', 'c', 'd'];
  await messages.create(texts.map((text) => ({ run, text })));
  await messages.patch(null, { done: true }, { query: { run } });
  await messages.remove(null, { query: { run } });
  const events = (await heard(run, app)).map(([event, { text }]) => `${event} ${text}`);
  assert.deepEqual(events, ['created', 'patched', 'removed'].flatMap((event) => texts.map((text) => `messages ${event} ${text}`)));
});

test('an array of one item is one event, and an empty one is none', async () => {
  const app = await client();
  const run = unique();
  const messages = app.service('messages');
  await messages.create([{ run, text: 'a' }]);
  await messages.create([]);
  await messages.remove(null, { query: { run: `${run} not` } });
  assert.deepEqual((await heard(run, app)).map(([event, { text }]) => [event, text]), [['messages created', 'a']]);
});

test('reading and custom methods have no event', async () => {
  const app = await client();
  const run = unique();
  await app.service('echo').methods('archive').archive({ run });
  await app.service('payments').methods('refund').refund({ run, amount: 1 });
  await app.service('messages').find({ query: { run } });
  assert.deepEqual(await heard(run, app), []);
});

test('what fails has no event', async () => {
  const app = await client();
  const run = unique();
  for (const call of [
    app.service('faults').create({ run, name: 'Conflict' }), app.service('notes').create([{ run }]),
    app.service('messages').update(null, { run }), app.service('messages').patch('none', { run }),
    app.service('hooked').create({ run, fail: 'app out' }),
  ]) await failure(call);
  assert.deepEqual(await heard(run, app), []);
});

test('what is selected for the caller is what all are told', async () => {
  const [writer, listener] = [await client(), await client()];
  const run = unique();
  await writer.service('messages').create({ run, text: 'a', secret: 's' }, { query: { $select: ['run', 'text'] } });
  const [[event, { id, ...data }]] = await heard(run, listener);
  assert.deepEqual([event, data], ['messages created', { text: 'a' }]);
});

onEveryTransport("a client's own event comes before the answer of its call", async (via) => {
  const app = await client(via);
  const run = unique();
  const order = [];
  app.service('messages').on('created', (data) => data.run === run && order.push(`event ${data.text}`));
  for (const text of ['a', 'b', 'c']) await app.service('messages').create({ run, text }).then(() => order.push(`answer ${text}`));
  assert.deepEqual(order, ['event a', 'answer a', 'event b', 'answer b', 'event c', 'answer c']);
});

onEveryTransport('all clients are told in one and the same order', async (via) => {
  const apps = [await client(via), await client(via), await client(via)];
  const run = unique();
  await Promise.all(apps.flatMap((app, who) => Array.from({ length: 20 }, (_, at) => app.service('messages').create({ run, who, at }))));
  const [first, ...others] = await heard(run, ...apps);
  assert.equal(first.length, 60);
  for (const other of others) assert.deepEqual(other, first);
  const ofOne = first.filter(([, { who }]) => who === 1).map(([, { at }]) => at);
  assert.deepEqual(ofOne, [...ofOne].sort((a, b) => a - b));
});

test('an event has the path of its service as it is registered', async () => {
  const app = await client();
  const run = unique();
  await app.service('users/:userId/items').create({ run }, { route: { userId: '7' } });
  const created = (name) => app.log.some(([event, data]) => event === name && data.data?.run === run);
  await heard(run, app);
  assert.ok(created('users/:userId/items created'));
});

test('a client that comes back is told again, and what it called meanwhile is done', async () => {
  const [app, other] = [await client(), await client()];
  const run = unique();
  const texts = [];
  app.service('messages').on('created', ({ run: of, text }) => of === run && texts.push(text));
  const [left, back] = [told(app.io, 'disconnect'), told(app.io, 'welcome')];
  app.io.io.engine.close();
  await left;
  const called = app.service('messages').create({ run, text: 'meanwhile' });
  await back;
  await called;
  await other.service('messages').create({ run, text: 'after' });
  await heard(run, app, other);
  assert.deepEqual(texts, ['meanwhile', 'after']);
});

test('a client that has left for good keeps no other from being told', async () => {
  const [one, other] = [await client(), await client()];
  const run = unique();
  one.io.disconnect();
  await other.service('messages').create({ run, text: 'a' });
  assert.equal((await heard(run, other)).length, 1);
  assert.deepEqual(one.log.filter(([, data]) => data?.run === run), []);
});
