'use strict';
// The examples of the package: what the catalog publishes is on the page.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { start } = require('./catalog');
const { browser, serve } = require('./chromium');

const house = browser();

test('the page of the example shows what the catalog publishes, the latest first, and the catalog ends when it is asked to', async () => {
  const { base, page: folder, stop } = await start();
  const page = await house.page(`${await serve(folder)}?broker=${encodeURIComponent(base)}`);
  await page.getByRole('list', { name: 'Refreshed entities' }).getByRole('listitem').nth(1).waitFor();
  const shown = await page.getByRole('listitem').locator('time').evaluateAll((times) => times.map((time) => time.dateTime));
  assert.deepEqual(shown, [...shown].sort().reverse());
  assert.match(await page.getByRole('listitem').first().innerText(), /^(component|api):default\/[a-z-]+\s+\d+:\d\d:\d\d [AP]M$/);
  assert.deepEqual(page.problems, []);
  assert.deepEqual(await stop(), { status: 0, errors: '' });
});
