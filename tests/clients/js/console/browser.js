'use strict';
// A real Chromium, and the brokers whose consoles are looked at. The Rust test starts them and passes their addresses.
const { after, before } = require('node:test');
const { chromium } = require('playwright-core');
const WebSocket = require('ws');

/** How long anything in the page may take; the machine may be busy. */
const PATIENCE = 30_000;

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run these tests through \`cargo test --test clients console::\``);
  return value;
}

/** Serves with the config that the binary comes with. */
const shipped = () => setting('TEST_CONSOLE_URL');

/** Closed but for its API key. */
const keyed = () => setting('TEST_CONSOLE_KEYED_URL');
/** Its API and console are on an address of their own. */
const apart = () => setting('TEST_CONSOLE_APART_URL');
const apiKey = () => setting('TEST_API_KEY');
/** The words of the addresses of all views. */
const VIEWS = ['start', 'tail', 'channels', 'sessions', 'nodes', 'rates'];

/** Calls a method of a broker's API; an error fails the test. */
async function api(base, method, params) {
  const headers = { 'content-type': 'application/json', 'x-api-key': process.env.TEST_API_KEY ?? '' };
  const response = await fetch(`${base}/api/${method}`, { method: 'POST', headers, body: JSON.stringify(params) });
  const answer = await response.json();
  if (answer.error) throw new Error(`${method}: ${JSON.stringify(answer.error)}`);
  return answer.result;
}

/** A client of a broker that subscribes to these channels; resolves once it has. */
async function client(base, ...channels) {
  const socket = new WebSocket(`${base.replace('http', 'ws')}/connection/websocket`);
  const commands = [{ id: 1, connect: {} }, ...channels.map((channel, at) => ({ id: at + 2, subscribe: { channel } }))];
  socket.on('open', () => socket.send(commands.map((command) => JSON.stringify(command)).join('\n')));
  const known = { socket, closed: new Promise((resolve) => socket.on('close', (code) => resolve(code))), pushes: [] };
  await new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (message) => {
      for (const reply of message.toString().split('\n').map((line) => JSON.parse(line))) {
        if (reply.error) reject(new Error(JSON.stringify(reply)));
        if (reply.connect) known.id = reply.connect.client;
        if (reply.push) known.pushes.push(reply.push);
        if (reply.id === commands.length) resolve();
      }
    });
  });
  return known;
}

/** Starts the browser of the system. Root has no sandbox for it. */
function launch() {
  const args = process.getuid() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args });
}

/** A browser for the tests of a file. `page(url, options)` opens a page in a context of its own; what goes wrong in it is kept. */
function browser() {
  const held = { errors: [] };
  before(async () => { held.browser = await launch(); });
  after(() => held.browser?.close());
  held.page = async (url, options = {}) => {
    const context = await held.browser.newContext(options);
    context.setDefaultTimeout(PATIENCE);
    const page = await context.newPage();
    page.problems = [];
    page.on('pageerror', (error) => page.problems.push(String(error)));
    page.on('console', (message) => { if (message.type() === 'error') page.problems.push(message.text()); });
    await page.goto(url);
    return page;
  };
  return held;
}

module.exports = {
  PATIENCE, VIEWS, api, browser, client, launch, setting,
  get SHIPPED() { return shipped(); },
  get KEYED() { return keyed(); },
  get APART() { return apart(); },
  get API_KEY() { return apiKey(); },
};
