'use strict';
// A backend client that is cut off at every step of its life.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { Cutter, HANDSHAKE } = require('./cutter');
const {
  backend, BROKER, ends, hearing, journal, manager, ownTopic, serviceToken, until, untilListening,
} = require('./package');
const { freePort, startBroker } = require('../backstage/brokers');

const FRAMES = ['register', 'subscribe', 'publish'].flatMap((command) => ['before', 'half', 'after'].map((when) => `${when} ${command}`));

/** A client behind a cutter that publishes, and hears; one at the broker that hears it, and publishes. */
async function couple(options = {}) {
  const [topic, cutter] = [ownTopic(), await Cutter.to(BROKER)];
  const [told, asked, hears] = [hearing(), [], hearing()];
  const other = await backend('scaffolder');
  await other.subscribe('catalog', told.hear, topic);
  await untilListening(topic);
  const getToken = async (id) => {
    asked.push(id);
    return { token: serviceToken(id) };
  };
  const client = (await manager({ base: cutter.url, getToken, ...options })).forPlugin('catalog').getClient();
  ends.push(() => client.disconnect());
  await client.subscribe('scaffolder', hears.hear, topic);
  const publish = async (...numbers) => {
    for (const number of numbers) await client.publish(number, { topic });
  };
  return { topic, cutter, client, other, publish, heard: told.heard, asked, hears: hears.heard };
}

/** Each once, in order. */
const isInOrder = (numbers) => numbers.every((number, at) => at === 0 || numbers[at - 1] < number);

for (const step of [...HANDSHAKE, ...FRAMES]) {
  test(`a client that is cut off at "${step}" comes back with its subscriptions, and publishes on`, async () => {
    const { topic, cutter, client, other, publish, heard, asked, hears } = await couple();
    cutter.at(step);
    await publish(1, 2, 3);
    await client.connect();
    await until('it is cut off', () => cutter.cuts === 1);
    await until('it is back', () => cutter.came === 2 && client.isConnected);
    await publish(4, 5, 6);
    await until('the last is told', () => heard.includes(6));
    assert.ok(isInOrder(heard), `each once and in order: ${heard}`);
    assert.deepEqual(heard.filter((number) => number > 3), [4, 5, 6]);
    // Nothing was given to a socket before the cut, so nothing is lost.
    if (HANDSHAKE.includes(step)) assert.deepEqual(heard, [1, 2, 3, 4, 5, 6]);
    await untilListening(topic, 2);
    await other.publish('for it', { topic });
    await until('it hears', () => hears.length === 1);
    assert.equal(asked.length, 2, 'a new token for each connection');
    assert.deepEqual([client.counts.kept, client.counts.dropped, client.counts.refused], [0, 0, 0]);
  });
}

test('a client that is cut off while an event comes to it hears the next', async () => {
  const { topic, cutter, client, other, hears } = await couple();
  await client.connect();
  await untilListening(topic, 2);
  cutter.at('event');
  await other.publish('missed', { topic });
  await until('it is back', () => cutter.came === 2 && client.isConnected);
  await untilListening(topic, 2);
  await other.publish('heard', { topic });
  await until('it hears', () => hears.length > 0);
  assert.deepEqual(hears, ['heard']);
});

test('what is published while the broker is away is kept in order, and the oldest is dropped and counted', async () => {
  const logger = journal();
  const { cutter, client, publish, heard } = await couple({ logger, options: { keptPublishes: 4 } });
  await client.connect();
  await client.connected();
  await publish(1);
  await client.flush();
  await until('it is told', () => heard.length === 1);
  cutter.down();
  await until('it is noticed', () => !client.isConnected);
  await publish(2, 3, 4, 5, 6, 7);
  assert.deepEqual([client.counts.kept, client.counts.dropped], [4, 2]);
  assert.ok(logger.lines.some((line) => line.includes('dropped its oldest publish')));
  cutter.up();
  await client.flush();
  await until('the last is told', () => heard.includes(7));
  assert.deepEqual(heard, [1, 4, 5, 6, 7]);
});

test('a subscription that is taken back while the client is away does not come back', async () => {
  const { topic, cutter, client } = await couple();
  await client.connect();
  await untilListening(topic, 2);
  cutter.down();
  await until('it is noticed', () => !client.isConnected);
  await client.unsubscribe('scaffolder', topic);
  cutter.up();
  await client.connected();
  await client.publish('a mark', { topic });
  await client.flush();
  await untilListening(topic, 1);
});

test('a client that disconnects while it is away stays away, and returns when it is asked to', async () => {
  const { topic, cutter, client, publish, heard } = await couple();
  cutter.down();
  await publish(1);
  await assert.rejects(client.flush(), /stays away/);
  await client.connect();
  const waits = [assert.rejects(client.flush(), /removed by disconnect/), assert.rejects(client.connected(), /stays away/)];
  await client.disconnect();
  await Promise.all(waits);
  cutter.up();
  assert.deepEqual([client.isConnected, client.counts.kept], [false, 0]);
  await assert.rejects(client.connected(), /stays away/);
  await client.connect();
  await client.connected();
  await publish(2);
  await until('it is told', () => heard.length > 0);
  assert.deepEqual(heard, [2]);
  await untilListening(topic, 1);
});

for (const how of ['stop', 'kill']) {
  test(`clients are back after a ${how} of their broker`, async () => {
    const port = await freePort();
    const first = await startBroker(port);
    const topic = ownTopic();
    const { heard, hear } = hearing();
    const catalog = await backend('catalog', { base: first.base });
    const scaffolder = await backend('scaffolder', { base: first.base });
    await scaffolder.subscribe('catalog', hear, topic);
    await untilListening(topic, 1, first.base);
    await first[how]();
    await until('it is noticed', () => !catalog.isConnected && !scaffolder.isConnected);
    const second = await startBroker(port);
    await untilListening(topic, 1, second.base);
    await catalog.publish('after it', { topic });
    await until('it is told', () => heard.length === 1);
    assert.deepEqual(heard, ['after it']);
  });
}
