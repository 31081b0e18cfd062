'use strict';
// Publishes through Chromium's WebSocket, which tells by no event what it has passed on. Pages publish nothing, but backends may run on a
// WebSocket of this kind.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { browser, serve } = require('./chromium');
const { Cutter } = require('./cutter');
const { played } = require('./played');
const { untilStill } = require('../backstage/brokers');
const { backend, BRISK, BROKER, hearing, ownTopic, serviceToken, until, untilListening } = require('./package');

const house = browser();
const FRAMES = ['register', 'publish'].flatMap((command) => ['before', 'half', 'after'].map((when) => `${when} ${command}`));

/** Makes a client of a backend plugin in the page, which `publish` there publishes with. */
async function connect(page, base, topic) {
  await page.evaluate(async ([url, token, its, given]) => {
    const modules = ['client', 'standard_socket', 'options'].map((name) => import(`/${name}.js`));
    const [{ Client }, { openStandard }, { withDefaults }] = await Promise.all(modules);
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    const settings = { url, pluginId: 'catalog', token: async () => token, open: openStandard, options: withDefaults(given), logger };
    window.client = new Client(settings);
    const key = { pluginId: 'catalog', topic: its };
    window.publish = (...all) => all.forEach((data) => window.client.publish(key, undefined, data));
  }, [`${base.replace('http', 'ws')}/events`, serviceToken('catalog'), topic, BRISK]);
}

for (const step of ['answer', ...FRAMES]) {
  test(`what is published by a WebSocket as browsers have it comes once and in order through a cut at "${step}"`, async () => {
    const [topic, cutter] = [ownTopic(), await Cutter.to(BROKER)];
    const { heard, hear } = hearing();
    const scaffolder = await backend('scaffolder');
    await scaffolder.subscribe('catalog', hear, topic);
    await untilListening(topic);
    const page = await house.page(await serve());
    cutter.at(step);
    await connect(page, cutter.url, topic);
    await page.evaluate(() => window.publish(1, 2, 3));
    await page.evaluate(() => window.client.want());
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

test('what a WebSocket as browsers have it has not passed on when it breaks is sent again', async () => {
  const said = [];
  const { base, sockets } = await played((socket, number) => {
    if (number === 1) socket.pause();
    else socket.on('message', (text) => said.push(JSON.parse(text)));
  });
  const page = await house.page(await serve());
  await connect(page, base, 'large');
  await page.evaluate(() => {
    for (let n = 0; n < 400; n += 1) window.publish({ n, ballast: 'x'.repeat(60_000) });
    window.client.want();
  });
  // The browser, the system and the broker have room for some of it.
  const before = await untilStill('no more is taken', () => page.evaluate(() => window.client.counts.kept));
  assert.ok(before > 0 && before < 400, `${before} of 400 are kept`);
  sockets[0].terminate();
  await page.evaluate(() => window.client.flush());
  await until('the last is told', () => said.at(-1)?.data?.n === 399);
  const numbers = said.filter(({ command }) => command === 'publish').map(({ data }) => data.n);
  assert.ok(numbers.length >= before, `${numbers.length} of the ${before} that were kept`);
  assert.deepEqual(numbers, numbers.map((_, at) => 400 - numbers.length + at), 'each once and in order');
});
