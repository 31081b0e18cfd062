'use strict';
// The page of the example, served on a free port; the clients that it loads from elsewhere come from what is installed.
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const assert = require('node:assert/strict');
const { PATIENCE, setting } = require('../console/browser');

const BROKER = setting('TEST_DATA_SERVICE_URL');
const installed = (name) => fs.readFileSync(path.join(process.env.NODE_PATH, name), 'utf8');
const version = (name) => JSON.parse(installed(`${name}/package.json`)).version;
const SCRIPTS = new Map(['socket.io-client/dist/socket.io.min.js', '@feathersjs/client/dist/feathers.js'].map((file) => {
  const name = file.slice(0, file.indexOf('/dist'));
  return [`https://unpkg.com/${name}@${version(name)}${file.slice(name.length)}`, installed(file)];
}));

/** Serves the page; resolves to the server. */
async function serve() {
  const page = fs.readFileSync(setting('TEST_DATA_SERVICE_PAGE'));
  const server = http.createServer((_, response) => response.setHeader('content-type', 'text/html').end(page));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Opens the page, by a name of this machine, in a context of its own. */
async function open(browser, server, host = '127.0.0.1', options = {}) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  await page.route('https://unpkg.com/**', (route) => {
    const body = SCRIPTS.get(route.request().url());
    assert.ok(body, `the page loads ${route.request().url()}, which is not the version that is tested`);
    return route.fulfill({ contentType: 'text/javascript', body });
  });
  await page.goto(`http://${host}:${server.address().port}/?broker=${BROKER}`);
  return page;
}

/** Fills in the form, and signs up or logs in. */
async function enter(page, how, { email, password = 'correct horse', company = '' }) {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByLabel('Company').fill(company);
  await page.getByRole('button', { name: how }).click();
}

async function signUp(page, email, company) {
  await enter(page, 'Sign up', { email, company });
  await page.getByText(`${email} of ${company}`).waitFor();
}

async function send(page, text) {
  await page.getByLabel('Message').fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
}

module.exports = { enter, open, send, serve, signUp };
