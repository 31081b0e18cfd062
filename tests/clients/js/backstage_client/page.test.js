'use strict';
// The client of frontends in Chromium, through cuts at every step of its life.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { browser, serve } = require('./chromium');
const { Cutter, HANDSHAKE } = require('./cutter');
const { backend, BRISK, BROKER, call, enabled, ownTopic, until, untilListening, userToken } = require('./package');

const house = browser();
const FRAMES = ['subscribe', 'unsubscribe'].flatMap((command) => ['before', 'half', 'after'].map((when) => `${when} ${command}`));

/** A page whose client goes through a cutter, as a user of its own; `events` there is the client, `heard` what it was told. */
async function opened({ entities = [], config } = {}) {
  const [topic, cutter, asked] = [ownTopic(), await Cutter.to(BROKER), []];
  const user = `user:default/u${topic}`;
  const page = await house.page(await serve(), (made) => made.exposeFunction('token', () => {
    asked.push(user);
    return userToken(user, entities);
  }));
  await page.evaluate(async ([given, options, its]) => {
    const { FrontendEventsClient } = await import('/frontend.js');
    window.topic = its;
    window.heard = [];
    window.hear = (data) => window.heard.push(data);
    const identityApi = { getCredentials: async () => ({ token: await window.token() }) };
    window.lines = [];
    const write = (line) => window.lines.push(line);
    const logger = { debug: write, info: write, warn: write, error: write };
    window.events = FrontendEventsClient.fromConfig(given, { identityApi, options, logger });
  }, [config ?? enabled(cutter.url), BRISK, topic]);
  return { topic, cutter, page, asked, user, heard: () => page.evaluate(() => window.heard) };
}

const subscribe = (page) => page.evaluate(() => window.events.subscribe('catalog', window.hear, window.topic));
const unsubscribe = (page) => page.evaluate(() => window.events.unsubscribe('catalog', window.topic));
const isConnected = (page) => page.evaluate(() => window.events.isConnected);
const untilHeard = (page, count) => page.waitForFunction((wanted) => window.heard.length >= wanted, count);

test('a page connects with its first subscription, leaves with its last, and returns with the next', async () => {
  const { topic, page, cutter, asked, heard, user } = await opened({ entities: ['group:default/admins'] });
  const catalog = await backend('catalog');
  assert.deepEqual([await isConnected(page), asked.length], [false, 0]);
  await subscribe(page);
  await untilListening(topic);
  const params = { topic, entityRefs: ['group:default/admins'] };
  await catalog.publish(1, params);
  await catalog.publish('for others', { topic, entityRefs: ['user:default/nobody'] });
  await catalog.publish(2, { topic, entityRefs: [user] });
  await untilHeard(page, 2);
  await unsubscribe(page);
  await untilListening(topic, 0);
  await until('it is gone', async () => !(await call(BROKER, 'connections', { user })).connections.some((one) => one.user === user));
  assert.equal(await isConnected(page), false);
  await subscribe(page);
  await untilListening(topic);
  await catalog.publish(3, params);
  await untilHeard(page, 3);
  assert.deepEqual([await heard(), asked.length, cutter.came, page.problems], [[1, 2, 3], 2, 2, []]);
  const { length } = await page.evaluate((secret) => window.lines.filter((line) => line.includes(secret)), userToken(user).slice(0, 20));
  assert.equal(length, 0, 'no token is logged');
});

test('a page that takes its last subscription back and makes another at once stays connected', async () => {
  const { topic, page, cutter } = await opened();
  await subscribe(page);
  await untilListening(topic);
  await page.evaluate(() => {
    window.events.unsubscribe('catalog', window.topic);
    window.events.subscribe('scaffolder', window.hear, window.topic);
  });
  const scaffolder = await backend('scaffolder');
  await until('it hears of the other plugin', async () => {
    await scaffolder.publish(1, { topic });
    return (await page.evaluate(() => window.heard.length)) > 0;
  });
  assert.deepEqual([cutter.came, page.problems], [1, []]);
});

for (const step of [...HANDSHAKE, ...FRAMES]) {
  test(`a page that is cut off at "${step}" comes back, and hears what it has subscribed to`, async () => {
    const { topic, page, cutter, asked, heard } = await opened();
    const catalog = await backend('catalog');
    cutter.at(step);
    await page.evaluate(() => window.events.subscribe('scaffolder', () => {}));
    await subscribe(page);
    if (step.includes('unsubscribe')) {
      await untilListening(topic);
      await page.evaluate(() => window.events.unsubscribe('scaffolder'));
    }
    await until('it is cut off', () => cutter.cuts === 1);
    await until('it is back', async () => cutter.came === 2 && isConnected(page));
    await untilListening(topic);
    await catalog.publish('heard', { topic });
    await untilHeard(page, 1);
    assert.deepEqual([await heard(), asked.length, page.problems], [['heard'], 2, []]);
  });
}

test('a page that is cut off while an event comes to it hears the next, whatever a callback does', async () => {
  const { topic, page, cutter, heard } = await opened();
  const catalog = await backend('catalog');
  await page.evaluate(() => window.events.subscribe('catalog', () => { throw new Error('of a callback'); }, window.topic));
  await subscribe(page);
  await untilListening(topic);
  cutter.at('event');
  await catalog.publish('missed', { topic });
  await until('it is back', async () => cutter.came === 2 && isConnected(page));
  await untilListening(topic);
  await catalog.publish('heard', { topic });
  await untilHeard(page, 1);
  assert.deepEqual(await heard(), ['heard']);
  assert.deepEqual([await page.evaluate(() => window.events.counts.failedCallbacks), page.problems], [1, []]);
});

test('a page whose events are disabled does nothing', async () => {
  const { page, asked } = await opened({ config: { backend: { baseUrl: BROKER } } });
  await subscribe(page);
  await unsubscribe(page);
  assert.deepEqual([await isConnected(page), asked.length, page.problems], [false, 0, []]);
});
