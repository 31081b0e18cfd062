'use strict';
// The unmodified DefaultEventsService of @backstage/plugin-events-node, and DefaultSignalsService of @backstage/plugin-signals-node on it.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { DefaultEventsService } = require('@backstage/plugin-events-node');
const { DefaultSignalsService } = require('@backstage/plugin-signals-node');
const {
  BUS, ends, freePort, hearing, serviceToken, signalClient, startBroker, until, untilSubscribed, userToken,
} = require('./broker');

/** What an instance of a plugin's backend has: each call is another process to the broker. Its warnings are kept. */
function instance(plugin, { base = BUS, token = () => serviceToken(plugin) } = {}) {
  const warnings = [];
  const logger = { debug() {}, info() {}, error() {}, warn: (text) => warnings.push(text), child: () => logger };
  const service = DefaultEventsService.create({ logger }).forPlugin(plugin, {
    logger,
    discovery: { getBaseUrl: async (id) => `${base}/api/${id}` },
    auth: {
      getOwnServiceCredentials: async () => ({ principal: { type: 'service', subject: `plugin:${plugin}` } }),
      getPluginRequestToken: async ({ targetPluginId }) => {
        assert.equal(targetPluginId, 'events');
        return { token: token() };
      },
    },
    lifecycle: { addShutdownHook: (hook) => ends.push(hook) },
  });
  return { events: service, warnings };
}

let names = 0;
const unique = (what) => {
  names += 1;
  return `${what}${names}`;
};

/** Subscribes, and waits until the subscription stands on the broker: an event is asked for until one comes. */
async function subscribed(of, id, topics) {
  const { heard, hear } = hearing();
  const probe = unique('probe');
  await of.events.subscribe({ id, topics: [...topics, probe], onEvent: async (event) => hear(event) });
  const prober = instance('catalog');
  await until('the subscription stands', async () => {
    await prober.events.publish({ topic: probe, eventPayload: null });
    return heard.some((event) => event.topic === probe);
  });
  const events = () => heard.filter((event) => event.topic !== probe);
  return { events, payloads: () => events().map((event) => event.eventPayload) };
}

const sorted = (numbers) => [...numbers].sort((a, b) => a - b);
const upTo = (count) => Array.from({ length: count }, (_, n) => n);

test('an event reaches the subscribers of other plugins, each once, in order', async () => {
  const topic = unique('topic');
  const [catalog, scaffolder, publisher] = [instance('catalog'), instance('scaffolder'), instance('catalog')];
  const one = await subscribed(catalog, unique('sub'), [topic, `${topic}.more`]);
  const other = await subscribed(scaffolder, unique('sub'), [topic]);
  for (const n of upTo(35)) await publisher.events.publish({ topic, eventPayload: { n } });
  await publisher.events.publish({ topic: `${topic}.more`, eventPayload: 'last' });
  await until('all are told', () => one.events().length >= 36 && other.events().length >= 35);
  assert.deepEqual(one.payloads(), [...upTo(35).map((n) => ({ n })), 'last']);
  assert.deepEqual(other.payloads(), upTo(35).map((n) => ({ n })));
  assert.deepEqual([catalog, scaffolder, publisher].flatMap((of) => of.warnings), []);
});

test('instances with one id share the events of a subscription', async () => {
  const [topic, id] = [unique('topic'), unique('sub')];
  const instances = await Promise.all([1, 2, 3].map(async () => {
    const of = instance('catalog');
    const { heard, hear } = hearing();
    await of.events.subscribe({ id, topics: [topic], onEvent: async (event) => hear(event.eventPayload) });
    return heard;
  }));
  const publisher = instance('scaffolder');
  const all = () => instances.flat();
  await until('the subscription stands', async () => {
    await publisher.events.publish({ topic, eventPayload: 'probe' });
    return all().includes('probe');
  });
  for (const n of upTo(100)) await publisher.events.publish({ topic, eventPayload: n });
  const numbers = () => all().filter((heard) => heard !== 'probe');
  await until('all events are told', () => numbers().length >= 100);
  assert.deepEqual(sorted(numbers()), upTo(100));
});

test('a subscriber in the process of the publisher is told there, and not again', async () => {
  const topic = unique('topic');
  const catalog = instance('catalog');
  const id = unique('sub');
  const own = await subscribed(catalog, id, [topic]);
  const other = await subscribed(instance('scaffolder'), unique('sub'), [topic]);
  await catalog.events.publish({ topic, eventPayload: 1 });
  await instance('scaffolder').events.publish({ topic, eventPayload: 2 });
  await until('both are told', () => own.events().length >= 2 && other.events().length >= 2);
  assert.deepEqual([own.payloads(), other.payloads()], [[1, 2], [1, 2]]);
});

test('a subscriber that fails does not stop the next event', async () => {
  const topic = unique('topic');
  const catalog = instance('catalog');
  const { heard, hear } = hearing();
  const onEvent = async ({ eventPayload }) => {
    hear(eventPayload);
    if (eventPayload === 'bad') throw new Error('no');
  };
  await catalog.events.subscribe({ id: unique('sub'), topics: [topic], onEvent });
  const publisher = instance('scaffolder');
  await until('the subscription stands', async () => {
    await publisher.events.publish({ topic, eventPayload: 'probe' });
    return heard.length > 0;
  });
  await publisher.events.publish({ topic, eventPayload: 'bad' });
  await publisher.events.publish({ topic, eventPayload: 'good' });
  await until('it is told', () => heard.includes('good'));
  assert.ok(heard.includes('bad'));
});

test('a refused token is an error of the call, and the client comes back with a good one', async () => {
  const topic = unique('topic');
  let token = () => userToken('user:default/mia');
  const scaffolder = instance('scaffolder', { token: () => token() });
  await assert.rejects(scaffolder.events.publish({ topic, eventPayload: 1 }), (error) => {
    assert.deepEqual([error.statusCode, error.cause.name], [403, 'NotAllowedError']);
    return true;
  });
  const { heard, hear } = hearing();
  await scaffolder.events.subscribe({ id: unique('sub'), topics: [topic], onEvent: async (event) => hear(event) });
  await until('it was refused', () => scaffolder.warnings.length > 0);
  token = () => serviceToken('scaffolder');
  const catalog = instance('catalog');
  await until('it is told', async () => {
    await catalog.events.publish({ topic, eventPayload: 2 });
    return heard.length > 0;
  });
});

for (const [how, end] of [['stopped', 'stop'], ['killed', 'kill']]) {
  test(`a subscription is back after its broker was ${how}`, async () => {
    const port = await freePort();
    const first = await startBroker(port);
    const [catalog, scaffolder] = [instance('catalog', first), instance('scaffolder', first)];
    const { heard, hear } = hearing();
    await catalog.events.subscribe({ id: 'back', topics: ['t'], onEvent: async (event) => hear(event.eventPayload) });
    const told = (what) => until(`${what} is told`, async () => {
      await scaffolder.events.publish({ topic: 't', eventPayload: what }).catch(() => {});
      return heard.includes(what);
    });
    await told('before');
    await first[end]();
    await startBroker(port);
    await told('after');
  });
}

test('what DefaultSignalsService publishes reaches the pages that it is for', async () => {
  const [channel, mia, joe] = [unique('catalog:t'), unique('user:default/mia'), unique('user:default/joe')];
  const clients = [
    await signalClient(userToken(mia, ['group:default/admins']), { base: BUS }),
    await signalClient(userToken(joe), { base: BUS }),
  ];
  const [ofMia, ofJoe] = [hearing(), hearing()];
  clients[0].subscribe(channel, ofMia.hear);
  clients[1].subscribe(channel, ofJoe.hear);
  await untilSubscribed(2, BUS);
  const catalog = instance('catalog');
  const signals = DefaultSignalsService.create({ events: catalog.events });
  // Other subscribers of the topic, as the signals backend of another instance, are told as well.
  const backend = await subscribed(instance('scaffolder'), unique('signals'), ['signals']);
  await signals.publish({ recipients: { type: 'user', entityRef: ['group:default/admins', mia] }, channel, message: { n: 1 } });
  await signals.publish({ recipients: { type: 'nobody' }, channel, message: { n: 2 } });
  await signals.publish({ recipients: { type: 'broadcast' }, channel, message: { n: 3 } });
  await until('all are told', () => ofMia.heard.length >= 2 && ofJoe.heard.length >= 1 && backend.events().length >= 3);
  assert.deepEqual([ofMia.heard, ofJoe.heard], [[{ n: 1 }, { n: 3 }], [{ n: 3 }]]);
  assert.deepEqual(backend.payloads().map((signal) => signal.message.n), [1, 2, 3]);
  assert.deepEqual(catalog.warnings, []);
});
