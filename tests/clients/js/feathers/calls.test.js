'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const {
  onEveryTransport, ours, client, named, heard, acknowledged, failure, unique, within, told,
} = require('./apps');

onEveryTransport('a document is created, got, found, updated, patched and removed', async (via) => {
  const messages = (await client(via)).service('messages');
  const run = unique();
  const created = await messages.create({ run, text: 'one' });
  const { id } = created;
  assert.deepEqual(created, { run, text: 'one', id });
  assert.deepEqual(await messages.get(id), created);
  assert.deepEqual(await messages.find({ query: { run } }), { total: 1, limit: 10, skip: 0, data: [created] });
  assert.deepEqual(await messages.update(id, { run, text: 'two' }), { run, text: 'two', id });
  assert.deepEqual(await messages.patch(id, { done: true }), { run, text: 'two', done: true, id });
  assert.deepEqual(await messages.remove(id), { run, text: 'two', done: true, id });
  assert.equal((await failure(messages.get(id))).name, 'NotFound');
});

onEveryTransport('many documents are created, patched and removed at once', async (via) => {
  const messages = (await client(via)).service('messages');
  const run = unique();
  const created = await messages.create([{ run, text: 'a' }, { run, text: 'b' }, { run, text: 'c' }]);
  assert.deepEqual(created.map(({ text }) => text), ['a', 'b', 'c']);
  const patched = await messages.patch(null, { done: true }, { query: { run, text: { $ne: 'b' } } });
  assert.deepEqual(patched.map(({ text, done }) => [text, done]), [['a', true], ['c', true]]);
  const removed = await messages.remove(null, { query: { run } });
  assert.deepEqual(removed.map(({ id }) => id), created.map(({ id }) => id));
  assert.equal((await messages.find({ query: { run } })).total, 0);
});

onEveryTransport('each method gets its arguments', async (via) => {
  const app = await client(via);
  const echo = app.service('echo').methods('archive');
  const query = { a: 1, b: { $in: ['x', null] }, c: 'é "q"' };
  const data = { text: 'é\u0000\u2028"\\', deep: [{ list: [1, -2.5, null, true] }], empty: {} };
  const known = { route: {}, user: null, provider: 'socketio', agent: null };
  const agreed = async (call, expected) => {
    const { agent, ...rest } = await call;
    assert.ok(agent === null || typeof agent === 'string');
    const { agent: _, ...others } = known;
    assert.deepEqual(rest, { id: null, data: null, query: {}, ...others, ...expected });
  };
  await agreed(echo.find({ query }), { query });
  await agreed(echo.find(), {});
  await agreed(echo.get(7, { query }), { id: 7, query });
  await agreed(echo.get('seven'), { id: 'seven' });
  await agreed(echo.create(data, { query }), { data, query });
  await agreed(echo.create([data, 1, 'two']), { data: [data, 1, 'two'] });
  await agreed(echo.update(1, data, { query }), { id: 1, data, query });
  await agreed(echo.update(null, data), { data });
  await agreed(echo.patch('a/b', data, { query }), { id: 'a/b', data, query });
  await agreed(echo.patch(null, data, { query }), { data, query });
  await agreed(echo.remove(0, { query }), { id: 0, query });
  await agreed(echo.remove(null), {});
  await agreed(echo.archive(data, { query }), { data, query });
});

test('the headers of the handshake and the user go along with each call', async () => {
  const app = await client({ ...named('ann', { age: 5 }), extraHeaders: { 'user-agent': 'the tests' } });
  const { agent, user } = await app.service('echo').find();
  assert.deepEqual({ agent, user }, { agent: 'the tests', user: { id: 'ann', name: 'ann', age: 5 } });
});

test('a path may have slashes at its ends, and its placeholders become the route', async () => {
  const app = await client();
  assert.deepEqual((await acknowledged(app, 'get', '/echo/', 1))[1].route, {});
  const items = app.service('users/:userId/items').methods('archive');
  for (const call of [
    items.find({ route: { userId: '7' } }),
    items.get(1, { route: { userId: '7' }, query: { a: 1 } }),
    items.archive({}, { route: { userId: '7' } }),
  ]) assert.deepEqual((await call).route, { userId: '7' });
});

test('a query that is missing, null or empty is empty', async () => {
  const app = await client();
  for (const args of [['find', 'echo'], ['find', 'echo', null], ['find', 'echo', {}], ['get', 'echo', 1], ['get', 'echo', 1, null]]) {
    const [error, { query }] = await acknowledged(app, ...args);
    assert.equal(error, null, JSON.stringify(args));
    assert.deepEqual(query, {}, JSON.stringify(args));
  }
});

test('data that is missing is none', async () => {
  const app = await client();
  assert.equal((await acknowledged(app, 'create', 'echo'))[1].data, null);
  assert.equal((await acknowledged(app, 'patch', 'echo', 1))[1].data, null);
});

onEveryTransport('an answer is acknowledged as null and the result, an error alone', async (via) => {
  const app = await client(via);
  const answer = await acknowledged(app, 'get', 'echo', 1, {});
  assert.equal(answer.length, 2);
  assert.equal(answer[0], null);
  assert.equal((await acknowledged(app, 'get', 'notes', 'none', {})).length, 1);
});

onEveryTransport('calls are answered each for itself, however many are under way', async (via) => {
  const echo = (await client(via)).service('echo');
  const asked = Array.from({ length: 200 }, (_, id) => id);
  const answers = await Promise.all(asked.map((id) => echo.get(id)));
  assert.deepEqual(answers.map(({ id }) => id), asked);
});

test('calls of one client begin in the order in which it made them', async () => {
  const messages = (await client()).service('messages');
  const run = unique();
  const texts = Array.from({ length: 50 }, (_, at) => `text ${at}`);
  const created = await Promise.all(texts.map((text) => messages.create({ run, text })));
  const ids = created.map(({ id }) => id);
  assert.deepEqual(ids, [...ids].sort((a, b) => a - b));
});

onEveryTransport('a call without acknowledgement runs', async (via) => {
  const app = await client(via);
  const run = unique();
  const created = told(app.io, 'messages created');
  app.io.emit('create', 'messages', { run, text: 'no callback' });
  await created;
  assert.deepEqual((await heard(run, app)).map(([event, { text }]) => [event, text]), [['messages created', 'no callback']]);
});

test('a call without acknowledgement that fails tells nobody', async () => {
  const app = await client();
  app.io.emit('get', 'notes', 'none');
  app.io.emit('get', 'nowhere', 'none');
  app.io.emit('create', 'faults', { name: 'Conflict' });
  assert.deepEqual(await heard(unique(), app), []);
  assert.ok(app.io.connected);
});

onEveryTransport('bytes are stored as Node writes a buffer in JSON', async (via) => {
  const notes = (await client(via)).service('notes');
  const { id, ...stored } = await notes.create({ deep: [{ bytes: Buffer.from([1, 2, 255]) }], after: 1 });
  assert.deepEqual(stored, { deep: [{ bytes: { type: 'Buffer', data: [1, 2, 255] } }], after: 1 });
  assert.deepEqual(await notes.remove(id), { id, ...stored });
});

test('large documents go both ways', async () => {
  const unheard = (await client()).service('unheard');
  const { id } = await unheard.create({ text: 'x'.repeat(3_000_000) });
  assert.equal((await unheard.remove(id)).text.length, 3_000_000);
});

test('a deadline of the client is kept', async () => {
  const app = await client({ ackTimeout: 200 });
  const error = await failure(app.service('never').get(1));
  assert.equal(error.message, 'operation has timed out');
  assert.equal((await app.service('echo').get(1)).id, 1);
});

ours('what never answers is answered by the deadline of the server', async () => {
  const app = await client();
  const { name, code } = await failure(app.service('never').get(1));
  assert.deepEqual({ name, code }, { name: 'GeneralError', code: 500 });
});

test('an event that is no method, without a path, is not acknowledged', async () => {
  const app = await client();
  const answered = new Promise((resolve) => {
    app.io.emit('frobnicate', { a: 1 }, () => resolve('answered'));
    app.io.emit('frobnicate', () => resolve('answered'));
  });
  const passed = app.service('echo').get(1).then(() => 'passed by');
  assert.equal(await Promise.race([answered, passed]), 'passed by');
});

test('two clients see the documents of each other', async () => {
  const [one, other] = [await client(), await client()];
  const { id } = await one.service('notes').create({ text: 'mine' });
  assert.equal((await other.service('notes').get(id)).text, 'mine');
  await other.service('notes').remove(id);
  assert.equal((await failure(within(one.service('notes').get(id), 'an answer'))).code, 404);
});
