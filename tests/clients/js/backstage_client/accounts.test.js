'use strict';
// What became of an event: who asks is told, or told that nobody knows.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { backend, hearing, journal, ownTopic, part, serviceToken, until, untilListening } = require('./package');
const { played } = require('./played');

const NOBODY = { matched: 0, delivered: 0, filtered: 0, notPermitted: 0, lost: 0, kept: false, partial: false };

test('who asks is told what became of the event, and others resolve at once', async () => {
  const topic = ownTopic();
  const [catalog, scaffolder] = [await backend('catalog'), await backend('scaffolder')];
  const { heard, hear } = hearing();
  await scaffolder.subscribe('catalog', hear, topic);
  await untilListening(topic);
  const asking = [1, 2, 3].map((n) => catalog.publish(n, { topic, account: true }));
  assert.equal(await catalog.publish(4, { topic }), undefined);
  for (const { matched, delivered, filtered, notPermitted, lost, kept, partial } of await Promise.all(asking)) {
    assert.ok(delivered >= 1, 'tests that run beside this one may hear it, too');
    assert.equal(matched, delivered + filtered + notPermitted + lost);
    assert.deepEqual([kept, partial], [false, false]);
  }
  await until('all are heard', () => heard.length === 4);
  assert.deepEqual(heard, [1, 2, 3, 4]);
  const other = await catalog.publish(5, { topic: `${topic}-other`, account: true });
  assert.ok(other.filtered >= 1, JSON.stringify(other));
  assert.deepEqual(await catalog.publish(6, { entityRefs: [], account: true }), NOBODY);
  await assert.rejects(catalog.publish(7, { account: 'yes' }), /account is no boolean; pass true/);
});

test('a client whose events are disabled tells of nobody', async () => {
  const { EventsClientManager } = await part('index');
  const client = EventsClientManager.fromConfig({ backend: { events: false } }, { logger: journal() }).forPlugin('catalog').getClient();
  assert.deepEqual(await client.publish(1, { account: true }), NOBODY);
});

test('a publish that is refused rejects its own promise, and is counted as all refusals are', async () => {
  const stranger = await backend('myplugin', { getToken: async () => ({ token: serviceToken('catalog') }) });
  await assert.rejects(stranger.publish(1, { account: true }), /the broker refused the publish: .*register first.* \(103\)/);
  assert.equal(stranger.counts.refused, 2, 'the registration, and the publish');
});

test('a publish that is dropped, or taken back by disconnect, rejects its promise', async () => {
  const client = await backend('catalog', { isConnected: false, options: { keptPublishes: 1 } });
  const dropped = assert.rejects(client.publish(1, { account: true }), /dropped or removed by disconnect/);
  const removed = assert.rejects(client.publish(2, { account: true }), /dropped or removed by disconnect/);
  await dropped;
  await client.disconnect();
  await removed;
});

test('a broker that gives no account is not waited for forever', async () => {
  const { base } = await played(() => {});
  const client = await backend('catalog', { base, options: { patience: 200 } });
  await assert.rejects(client.publish(1, { account: true }), /no account came within 200 ms; a broker of an earlier version/);
});

test('a connection that ends takes the accounts with it, and what was kept is asked for again on the next', async () => {
  const { base } = await played((socket, number) => socket.on('message', (text) => {
    const { command, account, data } = JSON.parse(text);
    if (command !== 'publish') return;
    if (number === 1) socket.terminate();
    else socket.send(JSON.stringify({ command: 'account', pluginId: 'catalog', account, matched: data, partial: true }));
  }));
  const client = await backend('catalog', { base });
  await assert.rejects(client.publish(1, { account: true }), /the connection ended before the account came/);
  const told = await client.publish(2, { account: true });
  assert.deepEqual(told, { ...NOBODY, matched: 2, partial: true });
});
