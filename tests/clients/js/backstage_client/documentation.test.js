'use strict';
// What Backstage's documentation of events prints, run.
const { before, test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { browser, serve } = require('./chromium');
const { backend, call, ends, hearing, PACKAGE, part, serviceToken, until, userToken } = require('./package');
const { freePort, startBroker } = require('../backstage/brokers');
const documentation = require('./documentation');

const needed = createRequire(path.join(PACKAGE, 'package.json'));
const house = browser();
let said;
before(async () => {
  assert.equal(documentation.write(), 6, 'blocks of TypeScript in the documentation');
  said = await documentation.compile();
});

const subscribed = async (base, user) => (await call(base, 'connections', {})).connections
  .filter((one) => user === undefined || one.user === user).flatMap((one) => one.subscriptions);

test('every code block has the types that it says it has', () => {
  // The fourth leaves out the end of its function, which is to return a router.
  assert.equal(said.length, 1, said.join('\n'));
  assert.match(said[0], /^documentation\/block4\.ts\(\d+,\d+\): error TS2355: /);
});

test('the configs that are printed lead to the broker', async () => {
  const { endpoint } = await part('config');
  const [short, long] = documentation.blocks('yaml').map((block) => needed('yaml').parse(block));
  assert.deepEqual([short, long].map(endpoint), ['ws://localhost:7007/events', 'ws://localhost:7007/events']);
});

test('the code blocks of backends connect, publish to entities and hear a topic', async () => {
  const { base } = await startBroker(await freePort());
  const john = hearing();
  const { FrontendEventsClient } = await part('frontend');
  globalThis.WebSocket = require('ws');
  const config = new (needed('@backstage/config').ConfigReader)({ backend: { baseUrl: base, events: true } });
  const identityApi = { getCredentials: async () => ({ token: userToken('user:default/john.doe') }) };
  const page = FrontendEventsClient.fromConfig(config, { identityApi });
  ends.push(() => page.disconnect());
  await page.subscribe('myplugin', john.hear, 'topic');
  await until('john listens', async () => (await subscribed(base)).length === 1);

  globalThis.granted = { tokenManager: { getToken: async () => ({ token: serviceToken('myplugin') }) } };
  const block = (number) => import(pathToFileURL(path.join(documentation.FOLDER, 'built/documentation', `block${number}.js`)));
  const [{ makeCreateEnv }, { default: createPlugin }] = [await block(1), await block(3)];
  const env = makeCreateEnv(config)('myplugin');
  const clients = [];
  const { getClient } = env.eventsManager;
  env.eventsManager.getClient = function kept() {
    clients.push(getClient.call(this));
    return clients.at(-1);
  };
  ends.push(() => Promise.all(clients.map((client) => client.disconnect())));
  await createPlugin(env);
  await until('john is told', () => john.heard.length === 1);
  assert.deepEqual(john.heard, [{ data: 'data' }]);

  const logged = [];
  const { log } = console;
  ends.push(() => { console.log = log; });
  console.log = (...what) => logged.push(what);
  await until('the plugin listens', async () => (await subscribed(base, 'plugin:myplugin')).length === 1);
  const catalog = await backend('catalog', { base });
  await catalog.publish({ n: 1 }, { topic: 'topic' });
  await catalog.publish({ n: 2 }, { topic: 'another' });
  await catalog.publish({ n: 3 }, { topic: 'topic' });
  await until('both are logged', () => logged.length === 2);
  console.log = log;
  assert.deepEqual(logged, [[{ n: 1 }], [{ n: 3 }]]);
});

test('the code blocks of frontends hear what they subscribe to, and stop when the component is gone', async () => {
  const { base } = await startBroker(await freePort());
  await documentation.bundle();
  const folder = path.join(documentation.FOLDER, 'page');
  fs.writeFileSync(path.join(folder, 'index.html'), '<!doctype html><body><script type="module" src="page.js"></script>');
  const logged = [];
  const page = await house.page(await serve(folder), async (made) => {
    made.on('console', (line) => { if (line.type() === 'log') logged.push(line.text()); });
  });
  const show = (isMounted) => page.evaluate((props) => globalThis.show(props), { baseUrl: base, token: userToken('user:default/mia'), isMounted });
  const channels = async () => (await subscribed(base)).map(({ channel }) => channel).sort().join(' ');
  await show(true);
  await until('both blocks have subscribed', async () => await channels() === 'catalog myplugin');
  const [catalog, myplugin] = [await backend('catalog', { base }), await backend('myplugin', { base })];
  await catalog.publish('of the catalog');
  await myplugin.publish('of my plugin');
  await until('both are logged', () => logged.length === 2);
  assert.deepEqual(logged.sort(), ['of my plugin', 'of the catalog']);
  await show(false);
  await until('one has taken its subscription back', async () => await channels() === 'myplugin');
  await catalog.publish('unheard');
  await myplugin.publish('heard');
  await until('it is logged', () => logged.length === 3);
  assert.deepEqual([logged[2], page.problems], ['heard', []]);
});
