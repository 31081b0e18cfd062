'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { onEveryTransport, client, heard, unique } = require('./apps');

onEveryTransport('an event that the service lists reaches clients, one that it does not list never', async (via) => {
  const [app, other] = [await client(via), await client(via)];
  const run = unique();
  assert.deepEqual(await app.service('payments').create({ run, amount: 5 }), { run, paid: 5 });
  const expected = [
    ['payments status', { status: 'created' }], ['payments status', { status: 'completed' }], ['payments created', { paid: 5 }],
  ];
  assert.deepEqual(await heard(run, app, other), [expected, expected]);
});

test('a custom method answers, and has neither the place nor the event of another', async () => {
  const app = await client();
  const payments = app.service('payments').methods('refund');
  assert.deepEqual(await payments.refund({ run: 'r', amount: 3 }), { run: 'r', refunded: 3 });
});

onEveryTransport('what a client emits itself changes nothing', async (via) => {
  const [app, other] = [await client(via), await client(via)];
  const run = unique();
  await app.service('heard').create({ service: 'payments', event: 'status', run });
  await app.service('heard').create({ service: 'payments', event: 'created', run });
  app.service('payments').emit('status', { run, status: 'forged' });
  app.service('payments').emit('created', { run, paid: 1 });
  app.service('messages').emit('removed', { run });
  assert.deepEqual(await heard(run, app, other), [[], []]);
  assert.deepEqual(await app.service('heard').get(run), []);
});
