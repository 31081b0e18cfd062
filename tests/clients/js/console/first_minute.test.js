'use strict';
// What a newcomer does first: open the page, publish, see.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { SHIPPED, browser } = require('./browser');

const house = browser();

test('the first event is seen within ten seconds of opening the page, after one click', async () => {
  const began = Date.now();
  const page = await house.page(SHIPPED);
  await page.getByText('Listening to news').waitFor();
  await page.getByRole('button', { name: 'Publish' }).click();
  const event = page.getByRole('log', { name: 'Events' }).getByRole('listitem');
  await event.getByText('{"hello":1}', { exact: true }).waitFor();
  assert.ok(Date.now() - began < 10_000, `it took ${Date.now() - began} ms`);
  assert.equal(await event.count(), 1);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});
