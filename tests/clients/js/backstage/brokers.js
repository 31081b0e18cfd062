'use strict';
// Brokers that a test starts by itself, and tokens as Backstage issues them. What a test began ends with it.
const { afterEach } = require('node:test');
const { spawn } = require('node:child_process');
const { createPrivateKey, sign } = require('node:crypto');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');

/** What ends with the test. */
const ends = [];

/** How long a test waits for what must come, in milliseconds. */
const PATIENCE = 15_000;

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run these tests through \`cargo test --test clients\``);
  return value;
}

/** Calls a method of a broker's HTTP API. */
async function call(base, method, params) {
  const response = await fetch(`${base}/api/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': setting('TEST_API_KEY') },
    body: JSON.stringify(params),
  });
  const body = await response.json();
  if (body.error) throw new Error(`${method}: ${JSON.stringify(body.error)}`);
  return body.result;
}

/** Waits until something holds, and fails where it never does. */
async function until(what, holds) {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    if (await holds()) return;
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
}

/** Waits until a number stays as it is for half a second; the number. */
async function untilStill(what, number) {
  let [before, looks] = [NaN, 0];
  await until(what, async () => {
    await new Promise((resolve) => { setTimeout(resolve, 80); });
    const now = await number();
    looks = now === before ? looks + 1 : 0;
    before = now;
    return looks === 5;
  });
  return before;
}

const encode = (part) => Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

function issue(typ, key, claims) {
  const now = Math.floor(Date.now() / 1000);
  const parts = [{ typ, alg: 'ES256' }, { iat: now, exp: now + 3600, ...claims }].map(encode).join('.');
  const privateKey = createPrivateKey(fs.readFileSync(setting(key)));
  const signature = sign('sha256', Buffer.from(parts), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${parts}.${signature.toString('base64url')}`;
}

/** A user's token. */
const userToken = (user, ent = [], claims = {}) => issue('vnd.backstage.user', 'TEST_USER_KEY', { sub: user, ent, aud: 'backstage', ...claims });
/** A backend plugin's token. */
const serviceToken = (plugin, claims = {}) => issue('vnd.backstage.plugin', 'TEST_SERVICE_KEY', { sub: plugin, aud: 'events', ...claims });

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}

/** Starts a broker of the test's own on this port and waits until it is ready. `settings` are variables for its config. */
async function startBroker(port, settings = {}) {
  const config = setting('TEST_BACKSTAGE_CONFIG');
  const log = fs.openSync(path.join(path.dirname(config), `broker-${port}.log`), 'a');
  const child = spawn(setting('TEST_CALLBOARD'), ['serve', '--config', config, '--port', String(port)], {
    stdio: ['ignore', log, log], env: { ...process.env, ...settings },
  });
  fs.closeSync(log);
  const ended = new Promise((resolve) => { child.once('exit', resolve); });
  const base = `http://127.0.0.1:${port}`;
  const end = async (signal) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
  };
  ends.push(() => end('SIGKILL'));
  await until('the broker is ready', async () => (await fetch(`${base}/ready`).catch(() => undefined))?.status === 200);
  return { base, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}

module.exports = { call, ends, freePort, serviceToken, setting, startBroker, until, untilStill, userToken };
