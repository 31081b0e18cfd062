'use strict';
// The brokers under test (the Rust test starts them and passes their addresses) and their HTTP API.

function address(name) {
  const url = process.env[name];
  if (!url) throw new Error(`${name} is not set: run these tests through \`cargo test --test clients\``);
  return url;
}

const toWs = (http) => `${http.replace(/^http/, 'ws')}/connection/websocket`;

/** Anonymous clients welcome, every kind of namespace. */
const OPEN = address('TEST_OPEN_URL');
/** Where the API is called, and every second client connects: another node on the Redis of OPEN, where there is one. */
const OTHER = process.env.TEST_OTHER_URL || OPEN;
/** Tokens only, with an audience and an issuer. */
const CLOSED = address('TEST_CLOSED_URL');
/** One second for heartbeats, their answers, and the first command. */
const BRISK = address('TEST_BRISK_URL');

const API_KEY = address('TEST_API_KEY');

/** Calls a method of the HTTP API and returns the status and the parsed body. */
async function call(method, params, { base = OTHER, headers = {} } = {}) {
  const response = await fetch(`${base}/api/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': API_KEY, ...headers },
    body: typeof params === 'string' ? params : JSON.stringify(params),
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : undefined };
}

/** Calls a method of the HTTP API and returns its result; an error fails the test. */
async function api(method, params, options) {
  const { status, body } = await call(method, params, options);
  if (status !== 200 || body.error) throw new Error(`${method}: ${status} ${JSON.stringify(body)}`);
  return body.result;
}

let counter = 0;

/** A name that no other test uses: of a channel in a namespace ("" for none), or of a user. */
function unique(namespace = '') {
  counter += 1;
  const name = `t${process.pid}-${Date.now().toString(36)}-${counter}`;
  return namespace ? `${namespace}:${name}` : name;
}

module.exports = {
  OPEN, OTHER, CLOSED, BRISK, API_KEY, api, call, unique,
  openWs: toWs(OPEN), otherWs: toWs(OTHER), closedWs: toWs(CLOSED), briskWs: toWs(BRISK),
};
