'use strict';
// The package under test, as it was built, and clients of it. What a test began ends with it.
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { call, ends, serviceToken, setting, until, userToken } = require('../backstage/brokers');

/** The broker that the Rust test starts. */
const BROKER = setting('TEST_BACKSTAGE_EVENTS_URL');
/** The folder of the package, with all that it needs. */
const PACKAGE = setting('TEST_BACKSTAGE_PACKAGE');

/** A module of the package. */
const part = (name) => import(pathToFileURL(path.join(PACKAGE, 'dist', `${name}.js`)));

/** A logger that keeps what it is told. */
function journal() {
  const lines = [];
  const level = (name) => (line) => lines.push(`${name} ${line}`);
  return { lines, debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') };
}

const enabled = (baseUrl) => ({ backend: { baseUrl, events: true } });
/** Comes back soon, so that tests do. */
const BRISK = { backoffFirst: 10, backoffMost: 100 };

const ownToken = async (pluginId) => ({ token: serviceToken(pluginId) });

/** A manager whose clients show tokens of their plugins. */
async function manager({ base = BROKER, logger = journal(), options = {}, getToken = ownToken, ...more } = {}) {
  const { EventsClientManager } = await part('index');
  return EventsClientManager.fromConfig(enabled(base), { logger, tokenManager: { getToken }, options: { ...BRISK, ...options }, ...more });
}

/** A client of a backend plugin, which is connected unless that is not wanted. */
async function backend(pluginId, { isConnected = true, ...settings } = {}) {
  const client = (await manager(settings)).forPlugin(pluginId).getClient();
  ends.push(() => client.disconnect());
  if (isConnected) {
    await client.connect();
    await client.connected();
  }
  return client;
}

/** What a callback was called with so far. */
function hearing() {
  const heard = [];
  return { heard, hear: (data) => { heard.push(data); } };
}

const subscriptions = async (base) => (await call(base, 'connections', {})).connections.flatMap((connection) => connection.subscriptions);

/** Waits until so many connections have subscribed to a topic; topics are the tests' own. */
const untilListening = (topic, count = 1, base = BROKER) => until(`${count} listen to ${topic}`, async () => {
  const listening = (await subscriptions(base)).filter(({ topics = [] }) => topics.includes(topic));
  return listening.length === count;
});

let topics = 0;
/** A topic that no other test uses, whatever runs beside it. */
const ownTopic = () => `${process.pid}-${topics += 1}`;

module.exports = {
  BRISK, BROKER, PACKAGE, backend, call, enabled, ends, hearing, journal, manager, ownTopic, part, serviceToken, setting, until,
  untilListening, userToken,
};
