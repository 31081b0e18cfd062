'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { onEveryTransport, ours, client, heard, failure, unique } = require('./apps');

const IN = ['app in', 'app before', 'all in', 'create in', 'before all', 'before create'];
const OUT = ['after all', 'after create', 'create out', 'all out', 'app after', 'app out'];

onEveryTransport('hooks run in their order, and the event has what they made of the result', async (via) => {
  const app = await client(via);
  const run = unique();
  const { steps } = await app.service('hooked').create({ run, text: 'a' });
  assert.deepEqual(steps, [...IN, 'method', ...OUT]);
  assert.deepEqual(await heard(run, app), [['hooked created', { text: 'a', secret: null, steps }]]);
});

test('a result that a hook sets spares the method and has its event', async () => {
  const app = await client();
  const run = unique();
  const { text, steps } = await app.service('hooked').create({ run, skip: true });
  assert.deepEqual([text, steps], ['skipped', OUT]);
  assert.deepEqual(await heard(run, app), [['hooked created', { text, steps }]]);
});

test('a hook has another event follow, or none', async () => {
  const app = await client();
  const run = unique();
  const listening = app.service('heard');
  for (const event of ['created', 'patched', 'shredded']) await listening.create({ service: 'hooked', event, run });
  for (const event of ['patched', null, 'shredded']) await app.service('hooked').create({ run, text: `${event}`, event });
  // Clients get events of the four names alone, and those that the service lists.
  assert.deepEqual((await heard(run, app)).map(([event, { text }]) => [event, text]), [['hooked patched', 'patched']]);
  assert.deepEqual((await listening.get(run)).map(({ text }) => text), ['patched', 'shredded']);
});

test('what a hook dispatches is what clients get, as answer and as event', async () => {
  const [app, other] = [await client(), await client()];
  const run = unique();
  const listening = app.service('heard');
  await listening.create({ service: 'hooked', event: 'created', run });
  const answer = await app.service('hooked').create({ run, text: 'a', secret: 's' });
  assert.ok(!('secret' in answer));
  for (const [[event, data]] of await heard(run, app, other)) {
    assert.equal(event, 'hooked created');
    assert.ok(data.text === 'a' && !('secret' in data));
  }
});

ours('of an array each item is dispatched in its own event', async () => {
  const app = await client();
  const run = unique();
  const items = [{ run, text: 'a', secret: 's' }, { run, text: 'b', secret: 't' }, { run, text: 'a', secret: 's' }];
  const answer = await app.service('hooked').create(items);
  assert.deepEqual(answer.map(({ text, secret }) => [text, secret]), [['a', undefined], ['b', undefined], ['a', undefined]]);
  const events = (await heard(run, app)).map(([event, { text, secret }]) => [event, text, secret]);
  assert.deepEqual(events, ['a', 'b', 'a'].map((text) => ['hooked created', text, undefined]));
});

test('what is no array is dispatched in the event of each item', async () => {
  const app = await client();
  const run = unique();
  const dispatch = { run, count: 2 };
  assert.deepEqual(await app.service('hooked').create([{ run, text: 'a', dispatch }, { run, text: 'b' }]), dispatch);
  assert.deepEqual(await heard(run, app), [['hooked created', { count: 2 }], ['hooked created', { count: 2 }]]);
});

ours('of an item for which nothing is dispatched no client is told', async () => {
  const app = await client();
  const run = unique();
  await app.service('heard').create({ service: 'hooked', event: 'created', run });
  await app.service('hooked').create([{ run, text: 'a', dispatch: [{ run, shown: 'a' }] }, { run, text: 'b' }]);
  assert.deepEqual(await heard(run, app), [['hooked created', { shown: 'a' }]]);
  assert.deepEqual((await app.service('heard').get(run)).map(({ text }) => text), ['a', 'b']);
});

test('a hook that breaks fails its caller, has no event, and keeps no other call from being answered', async () => {
  const app = await client();
  const run = unique();
  const [broken, other] = [app.service('hooked').create({ run, fail: 'panic' }), app.service('hooked').create({ run, text: 'b' })];
  assert.ok(await failure(broken) instanceof Error);
  assert.equal((await other).text, 'b');
  assert.deepEqual((await heard(run, app)).map(([, { text }]) => text), ['b']);
});

for (const fail of ['app in', 'app before', 'before all', 'before create', 'method', 'after create', 'after all', 'app after', 'app out']) {
  test(`an error in ${fail} is the caller's, and no event follows`, async () => {
    const app = await client();
    const run = unique();
    const { name, message } = await failure(app.service('hooked').create({ run, fail }));
    assert.deepEqual([name, message], ['BadRequest', `failed in ${fail}`]);
    assert.deepEqual(await heard(run, app), []);
  });
}

test('a hook on errors changes the error', async () => {
  const app = await client();
  const run = unique();
  const { name, message } = await failure(app.service('hooked').create({ run, fail: 'method', on_error: 'change' }));
  assert.deepEqual([name, message], ['Conflict', 'changed: failed in method']);
  assert.deepEqual(await heard(run, app), []);
});

test('a hook on errors that sets a result has the call succeed, with its event', async () => {
  const app = await client();
  const run = unique();
  const { text } = await app.service('hooked').create({ run, fail: 'method', on_error: 'cure' });
  assert.equal(text, 'failed in method');
  assert.deepEqual((await heard(run, app)).map(([event, data]) => [event, data.text]), [['hooked created', text]]);
});
