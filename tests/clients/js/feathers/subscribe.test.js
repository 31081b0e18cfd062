'use strict';
// Clients that want some events alone say so; Feathers has nothing like it.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { onEveryTransport, client, heard, acknowledged, unique, told } = require('./apps');

const subscribe = (app, ...args) => acknowledged(app, 'subscribe', ...args);

/** A client that has asked for these events, and for those that `heard` marks with. */
async function choosing(path, events, via) {
  const app = await client(via);
  await subscribe(app, 'echo', ['created']);
  assert.deepEqual(await subscribe(app, path, events), [null, { path, events }]);
  return app;
}

async function write(app, run) {
  const { id } = await app.service('messages').create({ run, text: 'a' });
  await app.service('messages').patch(id, { text: 'b' });
  await app.service('messages').remove(id);
  await app.service('notes').create({ run, text: 'c' });
}

const names = (events) => events.map(([event]) => event);

onEveryTransport('a client that names events gets these alone, and others get all', async (via) => {
  const [app, other] = [await choosing('messages', ['created', 'removed'], via), await client(via)];
  const run = unique();
  await write(app, run);
  const [chosen, all] = await heard(run, app, other);
  assert.deepEqual(names(chosen), ['messages created', 'messages removed']);
  assert.deepEqual(names(all), ['messages created', 'messages patched', 'messages removed', 'notes created']);
});

test('what a client names again counts, and no events are none', async () => {
  const app = await choosing('messages', ['created']);
  const run = unique();
  assert.deepEqual(await subscribe(app, 'notes', ['created']), [null, { path: 'notes', events: ['created'] }]);
  assert.deepEqual(await subscribe(app, '/messages/', []), [null, { path: 'messages', events: [] }]);
  await write(app, run);
  assert.deepEqual(names(await heard(run, app)), ['notes created']);
});

test('a client is told of what it may not name, and nothing changes', async () => {
  const app = await client();
  const run = unique();
  for (const [args, name, message] of [
    [['nowhere', ['created']], 'NotFound', "Service 'nowhere' not found"],
    [['messages', ['shredded']], 'BadRequest', "'shredded' is not an event of the service 'messages'"],
    [['payments', ['audit']], 'BadRequest', "'audit' is not an event of the service 'payments'"],
    [['messages', 'created'], 'BadRequest', 'The events must be an array of names'],
    [['messages'], 'BadRequest', 'The events must be an array of names'],
  ]) {
    const [error, ...rest] = await subscribe(app, ...args);
    assert.deepEqual([error.name, error.message, rest], [name, message, []]);
  }
  await write(app, run);
  assert.equal((await heard(run, app)).length, 4);
});

test('custom events are named like others', async () => {
  const app = await choosing('payments', ['status']);
  const run = unique();
  await app.service('payments').create({ run, amount: 1 });
  assert.deepEqual(names(await heard(run, app)), ['payments status', 'payments status']);
});

test('a client that comes back anew gets all again', async () => {
  const app = await choosing('messages', ['created']);
  const back = told(app.io, 'welcome');
  app.io.disconnect();
  app.io.connect();
  await back;
  const run = unique();
  await write(app, run);
  assert.equal((await heard(run, app)).length, 4);
});
