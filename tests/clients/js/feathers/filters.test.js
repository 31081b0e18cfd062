'use strict';
// Filters, as Feathers has had them up to version 2; those after it have channels in their place.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { onEveryTransport, client, named, heard, unique } = require('./apps');

/** Clients of these users. */
const users = (...names) => Promise.all(names.map((name) => client(named(name))));

for (const service of ['filtered', 'filtered-later']) {
  const created = `${service} created`;

  test(`${service}: each connection gets what the filter lets through, replaces or drops for it`, async () => {
    const apps = await users('ann', 'bob', 'cid', 'dan', 'eve');
    const run = unique();
    const says = { bob: 'replace', cid: 'nothing', dan: 'null', eve: 'false' };
    const answer = await apps[1].service(service).create({ run, text: 'a', says });
    assert.deepEqual(answer, { run, text: 'a', says }, 'no filter is asked about the answer');
    const whole = [[created, { text: 'a', says }]];
    assert.deepEqual(await heard(run, ...apps), [whole, [[created, { replaced: true }]], [], [], []]);
  });

  test(`${service}: a filter that fails tells its connection, and nobody else`, async () => {
    const [ann, bob] = await users('ann', 'bob');
    const run = unique();
    const errors = [];
    ann.service(service).on('error', (error) => errors.push(error));
    bob.service(service).on('error', (error) => errors.push(error));
    await bob.service(service).create({ run, text: 'a', says: { ann: 'fail' } });
    await bob.service(service).create({ run, text: 'b' });
    const texts = (await heard(run, ann, bob)).map((events) => events.map(([, { text }]) => text));
    assert.deepEqual(texts, [['b'], ['a', 'b']]);
    const error = { name: 'Forbidden', message: 'not for you', code: 403, className: 'forbidden', data: { why: 'secret' } };
    assert.deepEqual(errors, [error]);
    assert.ok(!bob.log.some(([event]) => event === `${service} error`));
  });

  test(`${service}: a filter that breaks does the same, and goes on`, async () => {
    const [ann, bob] = await users('ann', 'bob');
    const run = unique();
    const errors = [];
    ann.service(service).on('error', ({ name, code }) => errors.push([name, code]));
    await bob.service(service).create({ run, text: 'a', says: { ann: 'panic' } });
    await bob.service(service).create({ run, text: 'b' });
    const texts = (await heard(run, ann, bob)).map((events) => events.map(([, { text }]) => text));
    assert.deepEqual(texts, [['b'], ['a', 'b']]);
    assert.deepEqual(errors, [['GeneralError', 500]]);
  });

  test(`${service}: events of the service's own are filtered as well`, async () => {
    const [ann, bob] = await users('ann', 'bob');
    const run = unique();
    await bob.service(service).methods('tell').tell({ run, says: { ann: 'nothing', bob: 'replace' } });
    assert.deepEqual(await heard(run, ann, bob), [[], [[`${service} told`, { replaced: true }]]]);
  });
}

onEveryTransport('the filters of all events are asked first, each with what the one before returned', async (via) => {
  const [ann, bob] = await Promise.all(['ann', 'bob'].map((name) => client({ ...via, ...named(name) })));
  const run = unique();
  const chain = ann.service('filtered-chain').methods('tell');
  await chain.create({ run });
  await chain.patch(1, { run });
  await chain.tell({ run });
  const seen = (name, ...filters) => ({ seen: filters.map((filter) => `${name} ${filter}`) });
  const expected = (name) => [
    ['filtered-chain created', seen(name, 'all 1', 'all 2', 'created 1', 'created 2')],
    ['filtered-chain patched', seen(name, 'all 1', 'all 2', 'created 2')],
    ['filtered-chain told', seen(name, 'all 1', 'all 2')],
  ];
  assert.deepEqual(await heard(run, ann, bob), [expected('ann'), expected('bob')]);
});

test('of an array each item is filtered for itself', async () => {
  const [ann, bob] = await users('ann', 'bob');
  const run = unique();
  const items = [{ run, text: 'a', says: { ann: 'nothing' } }, { run, text: 'b', says: { bob: 'nothing' } }, { run, text: 'c' }];
  await ann.service('filtered').create(items);
  const texts = (await heard(run, ann, bob)).map((events) => events.map(([, { text }]) => text));
  assert.deepEqual(texts, [['b', 'c'], ['a', 'c']]);
});

test('a filter knows the call that an event comes from, and of its fields those that the service lists', async () => {
  const ann = await client(named('ann', { company: 3, secret: 'pin' }));
  const run = unique();
  const service = ann.service('filtered-origin').methods('tell');
  await service.patch(5, { run }, { query: { room: 'r' } });
  await service.tell({ run });
  const call = { path: 'filtered-origin', method: 'patch', user: 'ann', id: 5, company: 3, room: 'r', secret: null };
  assert.deepEqual(await heard(run, ann), [
    ['filtered-origin patched', { origin: call }], ['filtered-origin told', { origin: null }],
  ]);
});

test('a filter by a part of the connection answers for all connections with that part', async () => {
  const apps = await Promise.all([1, 2, 1, null].map((company, at) => client(named(`user ${at}`, { company }))));
  const run = unique();
  await apps[1].service('filtered-groups').create([{ run, company: 1 }, { run, company: 2 }]);
  const companies = (await heard(run, ...apps)).map((events) => events.map(([, { company }]) => company));
  assert.deepEqual(companies, [[1], [2], [1], []]);
});

test('an event that waits for its filter keeps its place before later ones', async () => {
  const [ann, bob] = await users('ann', 'bob');
  const run = unique();
  const service = ann.service('filtered-later');
  await service.create({ run, text: 'slow', wait: 100 });
  await service.create({ run, text: 'fast' });
  await ann.service('messages').create({ run, text: 'of another service' });
  const texts = (await heard(run, ann, bob)).map((events) => events.map(([, { text }]) => text));
  const order = ['slow', 'fast', 'of another service'];
  assert.deepEqual(texts, [order, order]);
});

test('a filter that never answers loses its event for its connection alone', async () => {
  const [ann, bob] = await users('ann', 'bob');
  const run = unique();
  const service = bob.service('filtered-later');
  await service.create({ run, text: 'lost', never: 'ann' });
  await service.create({ run, text: 'kept' });
  const texts = (await heard(run, ann, bob)).map((events) => events.map(([, { text }]) => text));
  assert.deepEqual(texts, [['kept'], ['lost', 'kept']]);
});
