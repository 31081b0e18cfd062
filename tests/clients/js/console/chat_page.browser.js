'use strict';
// The page of the example `chat`, in two browsers.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { promisify } = require('node:util');
const { browser, setting } = require('./browser');

const house = browser();
const CHAT = setting('TEST_CHAT_URL');
const lines = (page) => page.getByRole('log', { name: 'Lines' }).getByRole('listitem');

/** Publishes a line from the command line, as a client does; rejects where that fails. */
const publish = (data) => promisify(execFile)(setting('TEST_CALLBOARD'), ['pub', 'chat:lobby', data, '--as-client', '--url', CHAT]);

async function enter(name) {
  const page = await house.page(CHAT);
  await page.getByText('In chat:lobby').waitFor();
  await page.getByLabel('Your name').fill(name);
  return page;
}

async function send(page, text) {
  await page.getByRole('textbox', { name: 'Line' }).fill(text);
  await page.getByRole('textbox', { name: 'Line' }).press('Enter');
}

test('two browsers see the lines of each other, as the handler rewrites them, and who comes later sees them too', async () => {
  const [ada, leo] = [await enter('Ada'), await enter('Leo')];
  await send(ada, '  <b>hello</b>  ');
  for (const page of [ada, leo]) await lines(page).getByText('Ada: <b>hello</b>', { exact: true }).waitFor();
  await send(leo, 'hi');
  for (const page of [ada, leo]) await lines(page).getByText('Leo: hi', { exact: true }).waitFor();
  const mia = await enter('Mia');
  assert.deepEqual((await lines(mia).allTextContents()).slice(-2), ['Ada: <b>hello</b>', 'Leo: hi']);
  for (const page of [ada, leo, mia]) {
    assert.equal(await page.locator('li b').count(), 0);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  }
});

test('the command line sees what the handler does when it publishes as a client', async () => {
  const page = await enter('Ada');
  await publish('{"name":" the terminal ","text":"  hello  "}');
  await lines(page).getByText('the terminal: hello', { exact: true }).waitFor();
  await assert.rejects(publish('{"words":"none"}'), /107/);
  await assert.rejects(publish(JSON.stringify({ text: 'x'.repeat(1001) })), /106/);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('a line that is refused is told to who sent it', async () => {
  const page = await enter('Ada');
  await send(page, 'x'.repeat(1001));
  await page.getByRole('alert').getByText('Not sent: limit exceeded (106)').waitFor();
  await page.context().close();
});
