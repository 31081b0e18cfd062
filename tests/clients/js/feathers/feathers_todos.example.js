'use strict';
// The example `feathers_todos`, by its clients.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { client, failure, told } = require('./apps');

/** A client that says of which company it is, and the texts of the todos that it is told of. */
async function employee(company) {
  const app = await client({ auth: { company }, greeting: 'connect' });
  app.texts = [];
  app.service('todos').on('created', ({ text }) => app.texts.push(text));
  return app;
}

test('who has to do something is told to the users of the same company alone', async () => {
  const [ann, bob, eve] = [await employee(1), await employee(1), await employee(2)];
  for (const [app, company, text] of [[ann, 1, 'learn Rust'], [eve, 2, 'rest'], [bob, 1, 'write tests']]) {
    await app.service('todos').create({ company, text });
  }
  // Everyone is told of a payment, and of nothing after it before it.
  const paid = [ann, bob, eve].map((app) => told(app.io, 'payments created'));
  await ann.service('payments').create({ amount: 5 });
  await Promise.all(paid);
  assert.deepEqual([ann, bob, eve].map(({ texts }) => texts), [['learn Rust', 'write tests'], ['learn Rust', 'write tests'], ['rest']]);
});

test('a todo needs a text', async () => {
  const { name, message, errors } = await failure((await employee(1)).service('todos').create({ text: ' ' }));
  assert.deepEqual([name, message, errors], ['Unprocessable', 'A todo needs a text', { text: 'required' }]);
});

test('todos come in pages, and a payment tells how far it is', async () => {
  const app = await employee(3);
  await app.service('todos').create({ company: 3, text: 'a' });
  const page = await app.service('todos').find({ query: { company: 3, $limit: 100, $select: ['text'] } });
  assert.deepEqual([page.total, page.limit, page.data.map(({ text }) => text)], [1, 50, ['a']]);
  const statuses = [];
  app.service('payments').on('status', ({ status }) => statuses.push(status));
  assert.equal((await app.service('payments').create({ amount: 5 })).paid, 5);
  assert.deepEqual(statuses, ['created', 'completed']);
});
