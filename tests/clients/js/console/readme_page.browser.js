'use strict';
// The page of the README, as its reader opens it; what it loads from elsewhere comes from what is installed.
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { after, before, test } = require('node:test');
const assert = require('node:assert/strict');
const { api, browser, setting } = require('./browser');

const house = browser();
const BROKER = setting('TEST_PAGE_BROKER_URL');
const PAGE = setting('TEST_PAGE').replace('ws://localhost:8000', `ws://localhost:${new URL(BROKER).port}`);
const sdkFile = (name) => fs.readFileSync(path.join(process.env.NODE_PATH, 'centrifuge', name), 'utf8');
const SDK = sdkFile('dist/centrifuge.js');
const { version: VERSION } = JSON.parse(sdkFile('package.json'));

// A server of its own: a page that the browser takes for one of the internet may not reach this machine.
let server;
before(async () => {
  server = http.createServer((_, response) => response.setHeader('content-type', 'text/html').end(PAGE));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
});
after(() => server.close());

/** Opens the page at a name of this machine; `sdk` says whether the SDK can be loaded. */
async function open(host, sdk = true) {
  const origin = `http://${host}:${server.address().port}`;
  const context = await house.browser.newContext();
  const page = await context.newPage();
  await page.route('https://unpkg.com/**', (route) => {
    assert.equal(route.request().url(), `https://unpkg.com/centrifuge@${VERSION}/dist/centrifuge.js`);
    return sdk ? route.fulfill({ contentType: 'text/javascript', body: SDK }) : route.abort();
  });
  await page.goto(`${origin}/`);
  return page;
}

for (const host of ['localhost', '127.0.0.1', '0.0.0.0']) {
  test(`opened at ${host} it shows what is published`, async () => {
    const page = await open(host);
    await page.getByText('connected', { exact: true }).waitFor();
    // Between the connection and the subscription an event would go by.
    const published = setInterval(() => api(BROKER, 'publish', { channel: 'news', data: { hello: 2 } }), 200);
    await page.getByText('{"hello":2}', { exact: true }).first().waitFor();
    clearInterval(published);
    await page.context().close();
  });
}

test('opened at an origin that is not listed it says what to look at', async () => {
  const page = await open('page.localhost');
  await page.getByText(/does its auth\.origins list http:\/\/page\.localhost:\d+\?/).first().waitFor();
  await page.context().close();
});

test('without the SDK it says so', async () => {
  const page = await open('localhost', false);
  await page.getByText('The SDK could not be loaded').waitFor();
  await page.context().close();
});
