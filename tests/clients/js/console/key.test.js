'use strict';
// The API key: asked for, kept for the tab, wrong ones told and slowed down.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { API_KEY, KEYED, browser } = require('./browser');

const house = browser();

async function enter(page, key) {
  await page.getByLabel('Key', { exact: true }).fill(key);
  await page.getByLabel('Key', { exact: true }).press('Enter');
}

test('the right key opens the console, for this tab only and until it is forgotten', async () => {
  const page = await house.page(KEYED);
  await page.getByRole('heading', { name: 'API key' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Publish' }).count(), 0);
  await enter(page, API_KEY);
  await page.getByText('Listening to news').waitFor();
  await page.getByRole('button', { name: 'Publish' }).click();
  await page.getByRole('log').getByText('{"hello":1}').waitFor();
  assert.deepEqual(page.problems, []);

  await page.reload();
  await page.getByRole('button', { name: 'Publish' }).waitFor();
  const kept = await page.evaluate(() => [Object.keys(localStorage), document.cookie, Object.values(sessionStorage)]);
  assert.deepEqual(kept, [[], '', [API_KEY]]);
  assert.ok(!page.url().includes(encodeURIComponent(API_KEY)));

  const other = await page.context().newPage();
  await other.goto(KEYED);
  await other.getByRole('heading', { name: 'API key' }).waitFor();
  await page.getByRole('button', { name: 'Forget the key' }).click();
  await page.getByRole('heading', { name: 'API key' }).waitFor();
  assert.deepEqual(await page.evaluate(() => Object.values(sessionStorage)), []);
  await page.context().close();
});

test('a wrong key is told, and from the fifth on the next one has to wait, over a reload too', async () => {
  const page = await house.page(KEYED);
  const button = page.locator('form button');
  for (let tried = 1; tried <= 5; tried += 1) {
    assert.equal(await button.isDisabled(), false, `try ${tried}`);
    await enter(page, `wrong ${tried}`);
    await page.getByRole('alert').getByText(`This key is wrong (${tried} so far)`).waitFor();
  }
  assert.match(await button.textContent(), /^Wait \d s$/);
  assert.equal(await button.isDisabled(), true);
  await page.reload();
  await page.getByLabel('Key', { exact: true }).waitFor();
  assert.equal(await button.isDisabled(), true);
  await page.getByRole('button', { name: 'Open the console' }).waitFor();
  await enter(page, API_KEY);
  await page.getByRole('button', { name: 'Publish' }).waitFor();
  await page.context().close();
});

test('a key that no header can hold is wrong like any other', async () => {
  const page = await house.page(KEYED);
  await enter(page, 'schlüssel');
  await page.getByRole('alert').getByText('This key is wrong').waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});
