'use strict';
// What is done over REST is told to clients over Socket.IO.
const assert = require('node:assert/strict');
const { onEveryClient, employee, told, unique } = require('./apps');

onEveryClient('each write is told to the users whom the service shows it', async (app) => {
  const [ann, eve] = [await employee('one'), await employee('other')];
  const [todos, text] = [app.service('todos'), unique()];
  const heard = [];
  for (const event of ['created', 'updated', 'patched', 'removed']) {
    eve.service('todos').on(event, (todo) => heard.push([event, todo.text]));
  }
  const step = async (event, call) => {
    const event_ = told(ann.service('todos'), event);
    const result = await call();
    assert.deepEqual(await event_, result);
    return result;
  };
  const { id } = await step('created', () => todos.create({ text, company: 'one' }));
  await step('patched', () => todos.patch(id, { done: true }));
  await step('updated', () => todos.update(id, { text, company: 'one' }));
  await step('removed', () => todos.remove(id));
  const own = told(eve.service('todos'), 'created');
  await todos.create({ text: 'of the other', company: 'other' });
  await own;
  assert.deepEqual(heard, [['created', 'of the other']]);
});

onEveryClient('events of the service\'s own are told, too', async (app) => {
  const ann = await employee('one');
  const statuses = [];
  ann.service('payments').on('status', ({ id, status }) => { if (id === 7) statuses.push(status); });
  const refunded = new Promise((resolve) => {
    ann.service('payments').on('status', ({ id, status }) => { if (id === 7 && status === 'refunded') resolve(); });
  });
  await app.service('payments').refund({ id: 7 });
  await refunded;
  assert.deepEqual(statuses, ['refunded']);
});
