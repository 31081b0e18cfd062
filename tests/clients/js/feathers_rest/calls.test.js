'use strict';
// Each call of a service, by the REST clients.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { URL, onEveryClient, ours, failure, unique, feathers } = require('./apps');

onEveryClient('documents are created, found, read, changed, replaced and removed', async (app) => {
  const [todos, text] = [app.service('todos'), unique()];
  const created = await todos.create({ text, company: 1 });
  assert.deepEqual(created, { text, company: 1, id: created.id });
  assert.deepEqual(await todos.get(created.id), created);
  assert.deepEqual((await todos.find({ query: { text } })).data, [created]);
  assert.deepEqual(await todos.patch(created.id, { done: true }), { ...created, done: true });
  assert.deepEqual(await todos.update(created.id, { text, done: false }), { text, done: false, id: created.id });
  assert.deepEqual(await todos.remove(created.id), { text, done: false, id: created.id });
  assert.equal((await failure(todos.get(created.id))).code, 404);
});

onEveryClient('a query selects, sorts and pages', async (app) => {
  const [todos, of] = [app.service('todos'), unique()];
  for (const text of ['c', 'a', 'b']) await todos.create({ text, of, rank: text === 'a' ? 1 : 2 });
  const page = await todos.find({ query: { of, $sort: { rank: -1, text: 1 }, $limit: 2, $skip: 1, $select: ['text', 'rank'] } });
  assert.deepEqual([page.total, page.limit, page.skip], [3, 2, 1]);
  assert.deepEqual(page.data.map(({ text, rank, of: rest }) => [text, rank, rest]), [['c', 2, undefined], ['a', 1, undefined]]);
  const texts = async (query) => {
    const { data } = await todos.find({ query: { of, $sort: { text: 1 }, ...query } });
    return data.map(({ text }) => text).join('');
  };
  assert.equal(await texts({ text: { $in: ['a', 'c', 'd'] } }), 'ac');
  assert.equal(await texts({ text: { $nin: ['a'] } }), 'bc');
  assert.equal(await texts({ text: { $gt: 'a', $lte: 'b' } }), 'b');
  assert.equal(await texts({ text: { $ne: 'b' } }), 'ac');
  assert.equal(await texts({ $or: [{ text: 'a' }, { text: { $gte: 'c' } }] }), 'ac');
  assert.equal(await texts({ $and: [{ text: { $ne: 'a' } }, { text: { $ne: 'c' } }] }), 'b');
  // Values are text: a number in a document is none of them.
  assert.equal(await texts({ rank: 1 }), '');
  assert.equal((await todos.find({ query: { of, $limit: 0 } })).data.length, 0);
});

onEveryClient('texts arrive as they were meant', async (app) => {
  const todos = app.service('todos');
  for (const text of ['a&b=c', '100% + 1', '[x]', 'ä😀', '"\'`', '<script>', 'a\nb', '__proto__']) {
    const { id } = await todos.create({ text, of: 'odd' });
    const { data } = await todos.find({ query: { text, of: 'odd', $select: ['text'] } });
    assert.ok(data.some((found) => found.id === id && found.text === text), text);
    await todos.remove(id);
  }
});

onEveryClient('a method of the service\'s own is called by its name', async (app) => {
  const payments = app.service('payments');
  assert.deepEqual(await payments.refund({ id: 5 }, { query: { reason: 'late' } }), { id: 5, refunded: true, reason: 'late' });
  const { name, code, message } = await failure(payments.forget({}));
  assert.deepEqual([name, code, message], ['MethodNotAllowed', 405, 'Method `forget` is not supported by this endpoint.']);
});

onEveryClient('headers of one call reach the service', async (app) => {
  const { agent } = await app.service('payments').create({ amount: 5 }, { headers: { 'X-Agent': 'a test' } });
  assert.equal(agent, 'a test');
});

test('a request answers with the status of its call', async () => {
  const json = { 'content-type': 'application/json' };
  const created = await fetch(`${URL}/todos`, { method: 'POST', headers: json, body: '{"text":"a"}' });
  assert.deepEqual([created.status, created.headers.get('content-type').split(';')[0]], [201, 'application/json']);
  const { id } = await created.json();
  assert.equal((await fetch(`${URL}/todos/${id}`)).status, 200);
  assert.equal((await fetch(`${URL}/todos/${id}`, { method: 'HEAD' })).status, 200);
  assert.equal((await fetch(`${URL}/todos/${id}`, { method: 'DELETE' })).status, 200);
  assert.equal((await fetch(`${URL}/todos/${id}`)).status, 404);
});

ours('an id of any letters is found', async () => {
  const app = feathers().configure(feathers.rest(URL).fetch(fetch));
  for (const id of ['a b', 'a/b', '100%', 'ä😀', '"']) {
    assert.equal((await failure(app.service('todos').get(id))).message, `No record found for id '${id}'`);
  }
});
