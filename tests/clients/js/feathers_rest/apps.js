'use strict';
// The unmodified REST clients of Feathers, and a client over socket.io-client that is told what they do.
const { afterEach, test } = require('node:test');
const assert = require('node:assert/strict');
const { io } = require('socket.io-client');
const feathers = require('@feathersjs/client');
const rest = require('@feathersjs/rest-client').default;
const errors = require('@feathersjs/errors');

/** How long a test waits for what must come, in milliseconds. */
const PATIENCE = 10_000;

/** The application `feathers_todos`, or the same on Feathers itself. */
const URL = process.env.TEST_FEATHERS_REST_URL;
if (!URL) throw new Error('TEST_FEATHERS_REST_URL is not set: see against_original.js');

const IS_ORIGINAL = process.env.TEST_FEATHERS_ORIGINAL === '1';

/** The clients, each with the classes of its errors. */
const CLIENTS = {
  '@feathersjs/client': { transport: () => feathers.rest(URL).fetch(fetch), classes: feathers.errors },
  '@feathersjs/rest-client': { transport: () => rest(URL).fetch(fetch), classes: errors },
};

/** Tells a story once for every client, to which it gives the client and the classes of its errors. */
function onEveryClient(title, story) {
  for (const [name, { transport, classes }] of Object.entries(CLIENTS)) {
    test(`${title} (${name})`, () => {
      const app = feathers().configure(transport());
      app.service('payments').methods('refund', 'forget');
      return story(app, classes);
    });
  }
}

/** A test of what Callboard does on purpose otherwise than the original. */
const ours = (title, body) => test(title, { skip: IS_ORIGINAL }, body);

const sockets = new Set();

afterEach(() => {
  for (const socket of sockets) socket.disconnect();
  sockets.clear();
});

/** A client over Socket.IO of somebody in this company. */
async function employee(company) {
  const socket = io(URL, { auth: { company }, transports: ['websocket'], forceNew: true });
  sockets.add(socket);
  const app = feathers().configure(feathers.socketio(socket));
  // Once it is answered, the application knows whose it is.
  await app.service('todos').find({ query: { $limit: 0 } });
  return app;
}

/** The data of the next event of a service. Call it before what causes the event. */
function told(service, event) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`'${event}' did not come in ${PATIENCE} ms`)), PATIENCE);
    service.once(event, (data) => { clearTimeout(timer); resolve(data); });
  });
}

/** The error of a call that must fail. */
async function failure(call) {
  try {
    assert.fail(`${JSON.stringify(await call)} instead of an error`);
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    return error;
  }
}

let counter = 0;

/** A text that no other test uses. */
function unique() {
  counter += 1;
  return `t${process.pid}-${counter}`;
}

module.exports = { URL, IS_ORIGINAL, feathers, onEveryClient, ours, employee, told, failure, unique };
