'use strict';
// Brokers whose clients use the built-in events, and the centrifuge client beside them. No original has these.
const { afterEach, test } = require('node:test');
const { Centrifuge } = require('centrifuge');
const WebSocket = require('ws');
const { within, told, socketTo, TRANSPORTS } = require('./sockets');

function address(name) {
  const url = process.env[name];
  if (!url) throw new Error(`${name} is not set: run these tests through \`cargo test --test clients\``);
  return url;
}

/** The shipped config: anonymous clients welcome, built-in events, channels without a colon and `chat:…`. */
const OPEN = address('TEST_SOCKETIO_OPEN_URL');
/** Tokens only, of audience `callboard-tests` from issuer `tests`. */
const CLOSED = address('TEST_SOCKETIO_CLOSED_URL');

/** Tells a story once for the two ways to connect that browsers have. */
function onBothTransports(title, story) {
  for (const name of ['polling, then websocket', 'websocket alone']) {
    test(`${title} (${name})`, () => story({ transports: TRANSPORTS[name] }));
  }
}

/** A connected socket; unlike the fixture, a broker sends no greeting. */
async function arrived(options = {}) {
  const socket = socketTo({ url: OPEN, ...options });
  const connected = told(socket, 'connect');
  socket.connect();
  await connected;
  return socket;
}

/** Calls a built-in event, which answers with one argument. */
async function call(socket, event, ...args) {
  const answers = within(new Promise((resolve) => { socket.emit(event, ...args, (...all) => resolve(all)); }), event);
  const [answer, ...rest] = await answers;
  if (rest.length > 0) throw new Error(`${event} answered with more than one argument: ${JSON.stringify(rest)}`);
  return answer;
}

/** The code of the error that a call is answered with. */
async function errorCode(socket, event, ...args) {
  const { error, ...rest } = await call(socket, event, ...args);
  const well = typeof error?.message === 'string' && Object.keys(rest).length === 0;
  if (!well) throw new Error(`${event}: no error`);
  return error.code;
}

/** A socket that listens to a channel. */
async function listening(channel, options) {
  const socket = await arrived(options);
  socket.answer = await call(socket, 'subscribe', channel);
  if (socket.answer.error) throw new Error(`subscribe: ${JSON.stringify(socket.answer)}`);
  return socket;
}

/** Publishes by the HTTP API. */
async function publish(channel, data, more = {}) {
  const response = await fetch(`${OPEN}/api/publish`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': process.env.TEST_API_KEY ?? '' },
    body: JSON.stringify({ channel, data, ...more }),
  });
  const { error } = await response.json();
  if (error) throw new Error(`publish: ${JSON.stringify(error)}`);
}

const centrifuges = new Set();

afterEach(() => {
  for (const client of centrifuges) client.disconnect();
  centrifuges.clear();
});

/** A centrifuge client subscribed to a channel, and what it hears. */
async function centrifuge(channel) {
  const client = new Centrifuge(`${OPEN.replace(/^http/, 'ws')}/connection/websocket`, { websocket: WebSocket });
  centrifuges.add(client);
  const sub = client.newSubscription(channel);
  const heard = [];
  let wake = () => {};
  sub.on('publication', (publication) => {
    heard.push(publication);
    wake();
  });
  const subscribed = told(sub, 'subscribed');
  client.connect();
  sub.subscribe();
  await subscribed;
  const arrives = async () => {
    while (heard.length === 0) await new Promise((resolve) => { wake = resolve; });
    return heard.shift();
  };
  return { sub, next: () => within(arrives(), 'a publication') };
}

module.exports = {
  OPEN, CLOSED, onBothTransports, arrived, call, errorCode, listening, publish, centrifuge,
};
