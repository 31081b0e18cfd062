'use strict';
// The unmodified clients of Feathers with `@feathersjs/authentication-client`, over Socket.IO and over HTTP.
const { afterEach, test } = require('node:test');
const assert = require('node:assert/strict');
const { io } = require('socket.io-client');
const feathers = require('@feathersjs/client');
const authentication = require('@feathersjs/authentication-client').default;

/** How long a test waits for what must come, in milliseconds. */
const PATIENCE = 10_000;

/** The application `feathers_logins`, or the same on Feathers itself. */
const URL = process.env.TEST_FEATHERS_LOGINS_URL;
if (!URL) throw new Error('TEST_FEATHERS_LOGINS_URL is not set: see against_original.js');

const IS_ORIGINAL = process.env.TEST_FEATHERS_ORIGINAL === '1';

/** A test of what Callboard does on purpose otherwise than the original. */
const ours = (title, body) => test(title, { skip: IS_ORIGINAL }, body);

const sockets = new Set();

afterEach(() => {
  for (const socket of sockets) socket.io._close();
  sockets.clear();
});

/** A storage of tokens, as a browser has one. */
function storage() {
  const kept = new Map();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => { kept.set(key, value); },
    removeItem: (key) => { kept.delete(key); },
  };
}

/** A client over Socket.IO. Its socket is `app.io`. */
function overSocket({ kept = storage(), ...options } = {}) {
  const socket = io(URL, { forceNew: true, reconnectionDelay: 20, reconnectionDelayMax: 100, ...options });
  sockets.add(socket);
  const app = feathers().configure(feathers.socketio(socket)).configure(authentication({ storage: kept }));
  return Object.assign(app, { kept });
}

/** A client over HTTP. */
function overHttp({ kept = storage() } = {}) {
  const app = feathers().configure(feathers.rest(URL).fetch(fetch)).configure(authentication({ storage: kept }));
  return Object.assign(app, { kept });
}

const CLIENTS = {
  'Socket.IO': () => overSocket(),
  'Socket.IO, websocket alone': () => overSocket({ transports: ['websocket'] }),
  HTTP: () => overHttp(),
};

/** Tells a story once for every way to call; it gets what makes a client. */
function onEveryWay(title, story) {
  for (const [name, client] of Object.entries(CLIENTS)) test(`${title} (${name})`, () => story(client));
}

/** Waits for what must come. */
async function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come in ${PATIENCE} ms`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The data of the next event of an emitter. Call it before what causes the event. */
const told = (emitter, event) => within(new Promise((resolve) => { emitter.once(event, resolve); }), `'${event}'`);

/** The error of a call that must fail. */
async function failure(call) {
  let outcome;
  try {
    outcome = await within(call, 'an error');
  } catch (error) {
    return error;
  }
  return assert.fail(`${JSON.stringify(outcome)} instead of an error`);
}

let counter = 0;

/** A user who has signed up, of a company of one's own, and the data of the login. */
async function somebody(app, more = {}) {
  counter += 1;
  const email = `${process.pid}-${counter}-${Date.now()}@example.com`;
  const user = await app.service('users').create({ email, password: 'correct horse', company: email, ...more });
  return { user, login: { strategy: 'local', email, password: 'correct horse' } };
}

module.exports = { URL, IS_ORIGINAL, ours, overSocket, overHttp, onEveryWay, told, failure, somebody, within };
