'use strict';
// The broker under test, which the Rust test starts, and the unmodified SignalClient.
const { pathToFileURL } = require('node:url');
const WebSocket = require('ws');
const { call, ends, freePort, serviceToken, setting, startBroker, until, userToken } = require('./brokers');

// Node 20 has none of its own. Unlike that of `ws`, a page's throws nothing where nobody listens to its errors.
globalThis.WebSocket = class extends WebSocket {
  constructor(...args) {
    super(...args);
    this.on('error', () => {});
    // The client forgets sockets that it has not opened in time.
    ends.push(() => this.terminate());
  }
};

/** Of signals. */
const BROKER = setting('TEST_BACKSTAGE_URL');
/** Of events. */
const EVENTS = setting('TEST_BACKSTAGE_EVENTS_URL');
/** Of the events bus. */
const BUS = setting('TEST_BACKSTAGE_BUS_URL');

const api = (method, params, base = BROKER) => call(base, method, params);

/** The client of Backstage's pages. `token` is asked before each connection. */
async function signalClient(token, { base = BROKER, reconnectTimeout = 150 } = {}) {
  const { SignalClient } = await import(pathToFileURL(setting('TEST_SIGNAL_CLIENT')));
  const client = SignalClient.create({
    identity: { getCredentials: async () => ({ token: typeof token === 'function' ? token() : token }) },
    discoveryApi: { getBaseUrl: async (plugin) => `${base}/api/${plugin}` },
    connectTimeout: 5_000,
    reconnectTimeout,
  });
  ends.push(() => {
    // Or it would come back for ever.
    client.reconnect = () => {};
    clearTimeout(client.reconnectTo);
    client.ws?.terminate();
  });
  return client;
}

/** What a callback was called with so far. */
function hearing() {
  const heard = [];
  const hear = (message) => heard.push(message);
  return { heard, hear };
}

/** Waits until the broker has so many subscriptions. */
const untilSubscribed = (count, base = BROKER) => until(
  `${count} subscriptions`,
  async () => (await api('info', {}, base)).nodes[0].num_subs === count,
);

module.exports = {
  BUS, EVENTS, api, ends, freePort, hearing, serviceToken, signalClient, startBroker, until, untilSubscribed, userToken,
};
