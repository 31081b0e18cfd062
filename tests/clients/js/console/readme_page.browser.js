'use strict';
// The page of the README, as its reader opens it; what it loads from elsewhere comes from what is installed.
const fs = require('node:fs');
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { api, browser, setting } = require('./browser');

const house = browser();
const BROKER = setting('TEST_PAGE_BROKER_URL');
const PAGE = setting('TEST_PAGE').replace('ws://localhost:8000', `ws://localhost:${new URL(BROKER).port}`);
const SDK = fs.readFileSync(require.resolve('centrifuge/dist/centrifuge.js'), 'utf8');

/** Opens the page at an origin; `sdk` says whether the SDK can be loaded. */
async function open(origin, sdk = true) {
  const context = await house.browser.newContext();
  const page = await context.newPage();
  await page.route(`${origin}/`, (route) => route.fulfill({ contentType: 'text/html', body: PAGE }));
  await page.route('https://unpkg.com/**', (route) => {
    assert.equal(route.request().url(), `https://unpkg.com/centrifuge@${require('centrifuge/package.json').version}/dist/centrifuge.js`);
    return sdk ? route.fulfill({ contentType: 'text/javascript', body: SDK }) : route.abort();
  });
  await page.goto(`${origin}/`);
  return page;
}

for (const host of ['localhost', '127.0.0.1', '0.0.0.0']) {
  test(`opened at ${host} it shows what is published`, async () => {
    const page = await open(`http://${host}:8080`);
    await page.getByText('connected', { exact: true }).waitFor();
    // Between the connection and the subscription an event would go by.
    const published = setInterval(() => api(BROKER, 'publish', { channel: 'news', data: { hello: 2 } }), 200);
    await page.getByText('{"hello":2}', { exact: true }).first().waitFor();
    clearInterval(published);
    await page.context().close();
  });
}

test('opened at an origin that is not listed it says what to look at', async () => {
  const page = await open('http://localhost:8081');
  await page.getByText('does its auth.origins list http://localhost:8081?').first().waitFor();
  await page.context().close();
});

test('without the SDK it says so', async () => {
  const page = await open('http://localhost:8080', false);
  await page.getByText('The SDK could not be loaded').waitFor();
  await page.context().close();
});
