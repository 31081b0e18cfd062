'use strict';
// Backend clients and a broker that runs.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { backend, call, BROKER, hearing, journal, manager, ownTopic, serviceToken, until, untilListening } = require('./package');

test('a backend hears what another publishes, by topic and in order, and never its own', async () => {
  const topic = ownTopic();
  const [catalog, scaffolder] = [await backend('catalog'), await backend('scaffolder')];
  const [one, own] = [hearing(), hearing()];
  await scaffolder.subscribe('catalog', one.hear, topic);
  await catalog.subscribe('catalog', own.hear, topic);
  await untilListening(topic, 2);
  await catalog.publish('for another topic', { topic: `${topic}-other` });
  for (let n = 0; n < 500; n += 1) await catalog.publish({ n }, { topic });
  await catalog.flush();
  await until('all are there', () => one.heard.length === 500);
  assert.deepEqual(one.heard.map(({ n }) => n), Array.from({ length: 500 }, (_, n) => n));
  assert.deepEqual(own.heard, []);
  assert.deepEqual(catalog.counts, { kept: 0, dropped: 0, refused: 0, failedCallbacks: 0, unreadable: 0 });
});

test('callbacks of one key are all called, whatever one of them does, each with data of its own', async () => {
  const topic = ownTopic();
  const logger = journal();
  const [catalog, scaffolder] = [await backend('catalog'), await backend('scaffolder', { logger })];
  const { heard, hear } = hearing();
  await scaffolder.subscribe('catalog', (data) => { data.n = 'spoilt'; throw new Error('of a callback'); }, topic);
  await scaffolder.subscribe('catalog', () => Promise.reject(new Error('of a promise')), topic);
  await scaffolder.subscribe('catalog', hear, topic);
  await untilListening(topic);
  await catalog.publish({ n: 1 }, { topic });
  await catalog.publish({ n: 2 }, { topic });
  await until('both are there', () => heard.length === 2);
  assert.deepEqual(heard, [{ n: 1 }, { n: 2 }]);
  assert.equal(scaffolder.counts.failedCallbacks, 4);
  for (const reason of ['of a callback', 'of a promise']) {
    assert.ok(logger.lines.some((line) => line.startsWith('warn') && line.endsWith(`topic "${topic}", failed: ${reason}`)), reason);
  }
});

test('unsubscribing removes exactly a key, or one callback of it, also within a callback', async () => {
  const topic = ownTopic();
  const [catalog, scaffolder] = [await backend('catalog'), await backend('scaffolder')];
  const [gone, stays, all] = [hearing(), hearing(), hearing()];
  await scaffolder.subscribe('catalog', gone.hear, topic);
  await scaffolder.subscribe('catalog', stays.hear, topic);
  await scaffolder.subscribe('catalog', all.hear);
  await scaffolder.unsubscribe('catalog', topic, gone.hear);
  await scaffolder.unsubscribe('catalog');
  await untilListening(topic);
  await scaffolder.subscribe('catalog', () => scaffolder.unsubscribe('catalog', topic), topic);
  await scaffolder.subscribe('catalog', gone.hear, topic);
  await catalog.publish(1, { topic });
  await untilListening(topic, 0);
  assert.deepEqual([gone.heard, stays.heard, all.heard], [[], [1], []]);
});

test('what the broker refuses reaches the log and the callback', async () => {
  const logger = journal();
  const refusals = [];
  const getToken = async () => ({ token: serviceToken('catalog') });
  const onRefused = (refusal) => {
    refusals.push(refusal);
    throw new Error('of onRefused');
  };
  const stranger = await backend('myplugin', { logger, getToken, onRefused });
  await stranger.publish(1, { entityRefs: ['mia'] });
  await until('both are refused', () => refusals.length === 2);
  assert.deepEqual(refusals.map(({ refused, code }) => [refused, code]), [['register', 103], ['publish', 107]]);
  assert.deepEqual([stranger.counts.refused, stranger.counts.failedCallbacks, stranger.isConnected], [2, 2, true]);
  assert.ok(logger.lines.some((line) => line.includes('refused a "register": "the token is another plugin\'s" (103)')), logger.lines.join('\n'));
});

test('calls that make no sense fail, and nothing is sent', async () => {
  const client = await backend('catalog', { isConnected: false, options: { maxPublish: 100, subscriptions: 1 } });
  const wrong = [
    [client.publish(undefined), /there is none; null is some/],
    [client.publish(1, { topic: '' }), /the topic is empty or no text; leave it out/],
    [client.publish(1, { entityRefs: 'user:default/mia' }), /entityRefs is no list/],
    [client.publish('x'.repeat(100)), /the publish has \d+ bytes on the wire, more than 100/],
    [client.subscribe('', () => {}), /the plugin id is empty/],
    [client.subscribe('catalog'), /the callback is no function/],
    [client.unsubscribe(7), /the plugin id is empty or no text/],
    [client.connected(), /call connect\(\)/],
  ];
  for (const [call, message] of wrong) await assert.rejects(call, message);
  await client.subscribe('catalog', () => {});
  await assert.rejects(client.subscribe('scaffolder', () => {}), /has 1 subscriptions already/);
  await client.publish(1, { entityRefs: [] });
  assert.equal(client.counts.kept, 0, 'nobody gets it');
  await client.publish(1);
  await assert.rejects(client.flush(), /stays away/);
  const events = await manager();
  assert.throws(() => events.forPlugin(''), /the plugin id is empty/);
});

test('a token source that fails is logged, asked again, and never for a connection that stands', async () => {
  const logger = journal();
  const asked = [];
  const tokens = [() => { throw new Error('no key yet'); }, () => ({ token: 'junk' }), () => ({ token: serviceToken('catalog') })];
  const client = await backend('catalog', { logger, getToken: async (id) => { asked.push(id); return tokens.shift()(); } });
  await client.connect();
  assert.deepEqual(asked, ['catalog', 'catalog', 'catalog']);
  const warnings = logger.lines.filter((line) => line.startsWith('warn'));
  assert.match(warnings[0], /the token source gives no token: no key yet; again in \d+ ms$/);
  assert.match(warnings[1], /answered 401; the broker does not take this token: has it expired/);
  assert.equal(warnings.length, 2);
});

test('a token source that never answers is given up after the patience', async () => {
  const logger = journal();
  const client = await backend('catalog', { isConnected: false, logger, options: { patience: 50 }, getToken: () => new Promise(() => {}) });
  await client.connect();
  await until('it is logged', () => logger.lines.some((line) => line.includes('none came within 50 ms')));
  await client.disconnect();
});

test('a revoked access keeps the client away until connect is called', async () => {
  const logger = journal();
  const ids = [ownTopic(), ownTopic()];
  const getToken = async (id) => ({ token: serviceToken(id, { jti: ids[0] }) });
  const client = await backend('myplugin', { logger, getToken });
  const topic = ownTopic();
  await client.subscribe('catalog', assert.fail, topic);
  await untilListening(topic);
  await call(BROKER, 'revoke', { token_id: ids.shift(), realm: 'backstage' });
  await until('it is gone', () => !client.isConnected);
  await assert.rejects(client.connected(), /stays away/);
  assert.ok(logger.lines.some((line) => line.startsWith('error') && line.includes('(1000)')), logger.lines.join('\n'));
  await client.connect();
  await untilListening(topic);
});
