'use strict';
// Where the events are, by the config.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { createRequire } = require('node:module');
const path = require('node:path');
const { PACKAGE, part } = require('./package');

const BASE = 'http://localhost:7007';

test('events are where the config says, and nowhere where it says nothing', async () => {
  const { endpoint } = await part('config');
  const { ConfigReader } = createRequire(path.join(PACKAGE, 'package.json'))('@backstage/config');
  const cases = [
    [undefined, undefined],
    [null, undefined],
    [{ baseUrl: BASE }, undefined],
    [{ events: false }, undefined],
    [{ events: { enabled: false, endpoint: 1 } }, undefined],
    [{ baseUrl: BASE, events: true }, 'ws://localhost:7007/events'],
    [{ baseUrl: BASE, events: { enabled: true } }, 'ws://localhost:7007/events'],
    [{ baseUrl: BASE, events: { enabled: true, endpoint: 'ws://events:8000' } }, 'ws://events:8000/events'],
    [{ events: { enabled: true, endpoint: 'https://example.com/broker/' } }, 'wss://example.com/broker/events'],
    [{ events: { enabled: true, endpoint: 'wss://[::1]:1' } }, 'wss://[::1]:1/events'],
    [{ baseUrl: 'https://a', events: true }, 'wss://a/events'],
    [{ baseUrl: 'http://a', https: { certificate: {} }, events: true }, 'wss://a/events'],
    [{ baseUrl: 'http://a', https: true, events: { enabled: true, endpoint: 'ws://b' } }, 'ws://b/events'],
  ];
  for (const [backend, wanted] of cases) {
    assert.equal(endpoint({ app: { title: 7 }, backend }), wanted, JSON.stringify(backend));
    if (backend !== undefined) assert.equal(endpoint(new ConfigReader({ backend })), wanted, JSON.stringify(backend));
  }
  assert.equal(endpoint({}), undefined);
});

test('what is wrong is named with what to write, and without its value', async () => {
  const { endpoint } = await part('config');
  const cases = [
    ['x', '`backend` is a text; write a map with `baseUrl` and `events` in it'],
    [{ events: 'yes' }, '`backend.events` is a text; write `true`, `false`, or a map'],
    [{ events: true }, '`backend.baseUrl` is missing; write the broker\'s address, such as `http://loc'],
    [{ events: true, baseUrl: 7007 }, '`backend.baseUrl` is a number; write'],
    [{ events: true, baseUrl: 'localhost:7007' }, '`backend.baseUrl` is no address of http, https'],
    [{ events: true, baseUrl: '/events' }, '`backend.baseUrl` is no address;'],
    [{ events: true, baseUrl: 'ftp://a' }, '`backend.baseUrl` is no address of http, https'],
    [{ events: true, baseUrl: 'http://a b' }, '`backend.baseUrl` is no address;'],
    [{ events: true, baseUrl: 'http://me:hush@a' }, '`backend.baseUrl` is an address with parts'],
    [{ events: true, baseUrl: 'http://a/?t=hush' }, '`backend.baseUrl` is an address with parts'],
    [{ events: { endpoint: 'ws://a' } }, '`backend.events.enabled` is missing; write `true` or `false`'],
    [{ events: { enabled: 1 } }, '`backend.events.enabled` is a number; write `true` or `false`'],
    [{ events: { enabled: true } }, '`backend.baseUrl` is missing'],
    [{ baseUrl: BASE, events: { enabled: true, endpoint: ['hush'] } }, '`backend.events.endpoint` is a list'],
    [{ baseUrl: BASE, events: { enabled: true, endpont: 'hush' } }, '`backend.events.endpont` is no key'],
  ];
  for (const [backend, wanted] of cases) {
    assert.throws(() => endpoint({ backend }), ({ name, message }) => {
      assert.equal(name, 'EventsError');
      assert.ok(message.startsWith(wanted) && !message.includes('hush'), `${JSON.stringify(backend)}: ${message}`);
      return true;
    });
  }
  assert.throws(() => endpoint(7), /^EventsError: the config is a number; write a map with `backend` in it$/);
});

test('without events every method is there and does nothing', async () => {
  const { EventsClientManager } = await part('index');
  const { FrontendEventsClient } = await part('frontend');
  const getToken = () => assert.fail('nobody asks for a token');
  const disabled = EventsClientManager.fromConfig({ backend: { events: false } }, { tokenManager: { getToken } });
  const client = disabled.forPlugin('catalog').getClient();
  const page = FrontendEventsClient.fromConfig({}, { identityApi: { getCredentials: getToken } });
  assert.equal(disabled.isEnabled, false);
  for (const does of ['connect', 'connected', 'flush', 'disconnect']) assert.equal(await client[does](), undefined);
  for (const events of [client, page]) {
    await events.subscribe('catalog', assert.fail, 't');
    await events.unsubscribe('catalog', 't');
    await events.disconnect();
    assert.deepEqual([events.isConnected, events.counts.kept], [false, 0]);
  }
  await client.publish({ data: 1 }, { topic: 't', entityRefs: ['user:default/mia'] });
  assert.equal(client.counts.kept, 0);
});

test('options that make no sense are named', async () => {
  const { withDefaults } = await part('options');
  assert.throws(() => withDefaults({ keptPublish: 1 }), /there is no option `keptPublish`; write keptPublishes, /);
  for (const wrong of [0, -1, NaN, '5x', null]) assert.throws(() => withDefaults({ patience: wrong }), /`patience` is no number of at least 1/);
  assert.throws(() => withDefaults({ silence: 2 ** 31 }), /`silence` is over 2147483647 ms/);
  assert.deepEqual(withDefaults({ patience: undefined }), withDefaults());
  const { backoffMost, keptBytes } = withDefaults({ backoffFirst: 60_000, keptBytes: 1 });
  assert.deepEqual([backoffMost, keptBytes], [60_000, 65_536]);
});

test('pages see what the config says of events, and nothing else, by the schema of the package', async () => {
  const { loadConfigSchema } = createRequire(path.join(PACKAGE, 'package.json'))('@backstage/config-loader');
  const schema = await loadConfigSchema({ dependencies: [], packagePaths: [path.join(PACKAGE, 'package.json')] });
  const seen = (events) => {
    const backend = { baseUrl: BASE, auth: { keys: [{ secret: 'hush' }] }, events };
    const [{ data }] = schema.process([{ context: 'app-config.yaml', data: { backend } }], { visibility: ['frontend'] });
    return data.backend;
  };
  for (const events of [true, false, { enabled: true, endpoint: 'ws://events:8000' }]) assert.deepEqual(seen(events), { baseUrl: BASE, events });
  for (const events of ['yes', {}, { enabled: true, endpont: 'ws://a' }]) assert.throws(() => seen(events), /at \/backend\/events/);
});
