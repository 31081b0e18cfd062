'use strict';
// Publishes through Chromium's WebSocket, which tells by no event what it has passed on. Pages publish nothing, but backends may run on a
// WebSocket of this kind.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { browser, serve } = require('./chromium');
const { Cutter } = require('./cutter');
const { backend, BRISK, BROKER, hearing, ownTopic, serviceToken, until, untilListening } = require('./package');

const house = browser();
const FRAMES = ['register', 'publish'].flatMap((command) => ['before', 'half', 'after'].map((when) => `${when} ${command}`));

for (const step of ['answer', ...FRAMES]) {
  test(`what is published by a WebSocket as browsers have it comes once and in order through a cut at "${step}"`, async () => {
    const [topic, cutter] = [ownTopic(), await Cutter.to(BROKER)];
    const { heard, hear } = hearing();
    const scaffolder = await backend('scaffolder');
    await scaffolder.subscribe('catalog', hear, topic);
    await untilListening(topic);
    const page = await house.page(await serve());
    cutter.at(step);
    await page.evaluate(async ([url, token, its, given]) => {
      const modules = ['client', 'standard_socket', 'options'].map((name) => import(`/${name}.js`));
      const [{ Client }, { openStandard }, { withDefaults }] = await Promise.all(modules);
      const logger = { debug() {}, info() {}, warn() {}, error() {} };
      const settings = { url, pluginId: 'catalog', token: async () => token, open: openStandard, options: withDefaults(given), logger };
      window.client = new Client(settings);
      const key = { pluginId: 'catalog', topic: its };
      window.publish = (...numbers) => numbers.forEach((number) => window.client.publish(key, undefined, number));
      window.publish(1, 2, 3);
      window.client.want();
    }, [`${cutter.url.replace('http', 'ws')}/events`, serviceToken('catalog'), topic, BRISK]);
    await until('it is cut off', () => cutter.cuts === 1);
    await until('it is back', async () => cutter.came === 2 && page.evaluate(() => window.client.isConnected));
    await page.evaluate(() => window.publish(4, 5, 6));
    await page.evaluate(() => window.client.flush());
    await until('the last is told', () => heard.includes(6));
    assert.deepEqual(heard.filter((number) => number > 3), [4, 5, 6]);
    assert.deepEqual(heard, [...new Set(heard)].sort(), 'each once and in order');
    if (step === 'answer') assert.deepEqual(heard, [1, 2, 3, 4, 5, 6]);
    assert.deepEqual([await page.evaluate(() => window.client.counts.kept), page.problems], [0, []]);
  });
}
