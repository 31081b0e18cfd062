'use strict';
// The unmodified centrifuge client, and ways to wait for what it tells. Clients end with the test that made them.
const { afterEach } = require('node:test');
const { Centrifuge } = require('centrifuge');
const WebSocket = require('ws');
const { openWs, otherWs } = require('./broker');

/** How long a test waits for what must come, in milliseconds. */
const PATIENCE = 10_000;

const clients = new Set();

afterEach(() => {
  for (const client of clients) client.disconnect();
  clients.clear();
});

let turn = 0;

/** Where the next client connects: where there are two nodes, they take turns. */
function nextWs() {
  turn += 1;
  return turn % 2 === 1 ? openWs : otherWs;
}

/** A client that is not connected yet; it comes back quickly when it is cut off. */
function client(options = {}, endpoint = nextWs()) {
  const made = new Centrifuge(endpoint, {
    websocket: WebSocket, minReconnectDelay: 20, maxReconnectDelay: 100, ...options,
  });
  clients.add(made);
  return made;
}

/** A connected client. */
async function connected(options, endpoint) {
  const made = client(options, endpoint);
  made.connect();
  await made.ready(PATIENCE);
  return made;
}

/** What an emitter told under one name, in order, kept from now on. */
class Inbox {
  constructor(emitter, event) {
    this.event = event;
    this.items = [];
    this.wake = () => {};
    emitter.on(event, (context) => {
      this.items.push(context);
      this.wake();
    });
  }

  /** The next item; fails the test if none comes. */
  async next() {
    if (this.items.length === 0) {
      let timer;
      await new Promise((resolve, reject) => {
        this.wake = resolve;
        timer = setTimeout(() => reject(new Error(`no '${this.event}' in ${PATIENCE} ms`)), PATIENCE);
      });
      clearTimeout(timer);
    }
    return this.items.shift();
  }

  /** The next `count` items. */
  async take(count) {
    const taken = [];
    while (taken.length < count) taken.push(await this.next());
    return taken;
  }
}

/** Keeps what the emitter tells under this name. */
const inbox = (emitter, event) => new Inbox(emitter, event);

/** A subscription with its inboxes, subscribed; `ctx` is what the server answered. */
async function subscribed(of, channel, options = {}) {
  const sub = of.newSubscription(channel, { minResubscribeDelay: 20, maxResubscribeDelay: 100, ...options });
  const told = inbox(sub, 'subscribed');
  const publications = inbox(sub, 'publication');
  sub.subscribe();
  const ctx = await told.next();
  return { sub, ctx, subscribed: told, publications };
}

/** The code with which the server refuses a subscription. */
async function refusal(of, channel, options = {}) {
  const sub = of.newSubscription(channel, options);
  const told = inbox(sub, 'unsubscribed');
  sub.on('subscribed', () => told.items.push({ code: 'subscribed' }) && told.wake());
  sub.subscribe();
  const { code } = await told.next();
  of.removeSubscription(sub);
  return code;
}

/** The code of the error that a call ends with. */
async function errorCode(promise) {
  try {
    await promise;
  } catch (error) {
    return error.code;
  }
  throw new Error('the call succeeded');
}

/** Asks again until the answer satisfies: for what the server does after it answered somebody else. */
async function eventually(ask, satisfies) {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const answer = await ask();
    if (satisfies(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(answer)} after ${PATIENCE} ms`);
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
}

const data = (publications) => publications.map((publication) => publication.data);

module.exports = { PATIENCE, client, connected, inbox, subscribed, refusal, errorCode, eventually, data };
