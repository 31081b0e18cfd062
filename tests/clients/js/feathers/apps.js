'use strict';
// The unmodified clients of Feathers over socket.io-client, and ways to wait for what they tell. They end with the test that made
// them.
const { afterEach, test } = require('node:test');
const assert = require('node:assert/strict');
const { io } = require('socket.io-client');
const feathers = require('@feathersjs/client');

/** How long a test waits for what must come, in milliseconds. */
const PATIENCE = 10_000;

function address(name) {
  const url = process.env[name];
  if (!url) throw new Error(`${name} is not set: see original.js and against_original.js`);
  return url;
}

/** The fixture. */
const FIXTURE = address('TEST_FEATHERS_URL');
/** The fixture whose application has publishers. */
const RANKED = address('TEST_FEATHERS_RANKED_URL');

const IS_ORIGINAL = process.env.TEST_FEATHERS_ORIGINAL === '1';

const TRANSPORTS = { 'polling, then websocket': ['polling', 'websocket'], 'websocket alone': ['websocket'] };

/** Tells a story once for every way to connect; `via` goes into the options of its clients. */
function onEveryTransport(title, story) {
  for (const [name, transports] of Object.entries(TRANSPORTS)) {
    test(`${title} (${name})`, () => story({ transports }));
  }
}

/** A test of what Callboard does on purpose otherwise than the original, or has where the original has nothing. */
const ours = (title, body) => test(title, { skip: IS_ORIGINAL }, body);

/** Waits for what must come; fails and says what did not come if it takes too long. */
async function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come in ${PATIENCE} ms`)), PATIENCE);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The arguments of the next event of a socket. Call it before what causes the event. */
function told(emitter, event) {
  return within(new Promise((resolve) => { emitter.once(event, (...args) => resolve(args)); }), `'${event}'`);
}

const sockets = new Set();

afterEach(() => {
  for (const socket of sockets) socket.io._close();
  sockets.clear();
});

/**
 * An application whose client is connected, and has been told the greeting. All events that it gets are in `app.log`, as they
 * are on the socket.
 */
async function client({ url = FIXTURE, auth = {}, greeting = 'welcome', ...options } = {}) {
  const socket = io(url, { forceNew: true, reconnectionDelay: 20, reconnectionDelayMax: 100, auth, ...options });
  sockets.add(socket);
  const app = feathers().configure(feathers.socketio(socket));
  app.log = [];
  socket.onAny((...event) => app.log.push(event));
  await told(socket, greeting);
  return app;
}

/** A user of this name, in a client's options. */
const named = (name, more = {}) => ({ auth: { user: { id: name, name, ...more } } });

/**
 * What clients were told of one run of a test until now, as `[event, data]` without the run, in order. A mark that all of them
 * get shows that nothing is on its way any more.
 */
async function heard(run, ...apps) {
  const mark = unique();
  const marked = apps.map(({ io: socket, log }) => within(new Promise((resolve) => {
    const isThere = () => log.some(([event, data]) => event === 'echo created' && data.data?.mark === mark);
    const look = () => isThere() && (socket.offAny(look), resolve());
    socket.onAny(look);
  }), 'the mark'));
  await apps[0].service('echo').create({ mark });
  await Promise.all(marked);
  const ofRun = ({ log }) => log.filter(([, data]) => data?.run === run).map(([event, { run: _, ...data }]) => [event, data]);
  return apps.length === 1 ? ofRun(apps[0]) : apps.map(ofRun);
}

/** All arguments of the acknowledgement of an event. */
function acknowledged(app, ...args) {
  return within(new Promise((resolve) => { app.io.emit(...args, (...answers) => resolve(answers)); }), 'an ack');
}

/** The error with which a call fails, as the client has rebuilt it. */
async function failure(call) {
  let outcome;
  try {
    outcome = await within(call, 'an error');
  } catch (error) {
    return error;
  }
  return assert.fail(`it succeeded with ${JSON.stringify(outcome)}`);
}

let counter = 0;

/** A name that no other test uses. */
function unique() {
  counter += 1;
  return `t${process.pid}-${Date.now().toString(36)}-${counter}`;
}

module.exports = {
  FIXTURE, RANKED, IS_ORIGINAL, onEveryTransport, ours, within, told, client, named, heard, acknowledged, failure, unique,
};
