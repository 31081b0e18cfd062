'use strict';
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { RANKED, onEveryTransport, client, heard, unique } = require('./apps');

/** Clients that are each in channels of their own, by the names of these channels without the run. */
async function inChannels(run, all, options) {
  const apps = all.map((names) => client({ ...options, auth: { channels: names.map((name) => `${name}-${run}`) } }));
  return Promise.all(apps);
}

/** What each of these clients was told, as texts. */
async function events(run, apps) {
  const all = await heard(run, ...apps);
  return all.map((of) => of.map(([event, { text }]) => `${event} ${text}`));
}

onEveryTransport('the publisher of a service for an event goes before that for all its events', async (via) => {
  const run = unique();
  const apps = await inChannels(run, [['event'], ['service'], ['replaced'], []], via);
  const ranked = apps[3].service('ranked');
  await ranked.create({ run, text: 'a' });
  await ranked.patch(1, { run, text: 'b' });
  assert.deepEqual(await events(run, apps), [['ranked created a'], ['ranked patched b'], [], []]);
});

test('the publishers of the application are asked where the service has none', async () => {
  const run = unique();
  const apps = await inChannels(run, [['app-event'], ['app'], ['event', 'service'], []], { url: RANKED });
  const below = apps[3].service('ranked-below');
  await below.create({ run, text: 'a' });
  await below.update(1, { run, text: 'b' });
  await apps[3].service('ranked').create({ run, text: 'c' });
  const expected = [['ranked-below updated b'], ['ranked-below created a'], ['ranked created c'], []];
  assert.deepEqual(await events(run, apps), expected);
});

test('a client in several channels is told once, with the data of the first', async () => {
  const run = unique();
  const apps = await inChannels(run, [['a', 'b'], ['b'], ['c', 'b', 'a'], ['c'], []]);
  const to = [{ name: `a-${run}`, send: { run, text: 'for a' } }, { name: `b-${run}` }, { name: `c-${run}`, send: { run, text: 'for c' } }];
  const { to: answered } = await apps[4].service('several').create({ run, text: 'for all', to });
  assert.deepEqual(answered, to);
  const told = ['for a', 'for all', 'for a', 'for c'].map((text) => [`several created ${text}`]);
  assert.deepEqual(await events(run, apps), [...told, []]);
});

test('no channel is nobody, and the call succeeds', async () => {
  const run = unique();
  const apps = await inChannels(run, [['a'], []]);
  const several = apps[1].service('several');
  await several.create({ run, text: 'a' });
  await several.create({ run, text: 'b', to: [] });
  await several.create({ run, text: 'c', to: [{ name: `nobody-${run}` }] });
  assert.deepEqual(await events(run, apps), [[], []]);
});

test('a publisher that breaks publishes to nobody, and the call succeeds', async () => {
  const run = unique();
  const apps = await inChannels(run, [['a'], []]);
  const several = apps[1].service('several');
  assert.equal((await several.create({ run, text: 'a', broken: true, to: [{ name: `a-${run}` }] })).text, 'a');
  await several.create({ run, text: 'b', to: [{ name: `a-${run}` }] });
  assert.deepEqual(await events(run, apps), [['several created b'], []]);
});

onEveryTransport('who joins a channel is told from then on, once, and who leaves it no more', async (via) => {
  const [app, writer] = [await client(via), await client(via)];
  const run = unique();
  const name = `a-${run}`;
  const write = (text) => writer.service('several').create({ run, text, to: [{ name }] });
  await write('before');
  await app.service('channels').create({ name });
  await write('joined');
  await app.service('channels').create({ name });
  await write('joined twice');
  await app.service('channels').remove(name);
  await write('left');
  await app.service('channels').create({ name });
  await write('back');
  assert.deepEqual((await events(run, [app, writer]))[0], ['joined', 'joined twice', 'back'].map((text) => `several created ${text}`));
});

test('a client that has gone is in its channels no more when it comes back', async () => {
  const [app, writer] = [await client(), await client()];
  const run = unique();
  const name = `a-${run}`;
  await app.service('channels').create({ name });
  const back = new Promise((resolve) => { app.io.once('welcome', resolve); });
  app.io.disconnect();
  app.io.connect();
  await back;
  await writer.service('several').create({ run, text: 'a', to: [{ name }] });
  assert.deepEqual(await events(run, [app, writer]), [[], []]);
});
