'use strict';
// What a newcomer does first: open the page, publish, see.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { APART, SHIPPED, api, browser } = require('./browser');

const house = browser();
const events = (page) => page.getByRole('log', { name: 'Events' }).getByRole('listitem');

/** What the list of addresses says, a line each. */
function addresses(name) {
  const { port } = new URL(SHIPPED);
  const list = [['WebSocket', `ws://${name}:${port}/connection/websocket`], ['Socket.IO', `http://${name}:${port}/socket.io/`], ['HTTP API', `http://${name}:${port}/api`]];
  return list.map(([what, address]) => `${what}\n${address} Copy`).join('\n');
}

for (const name of ['127.0.0.1', 'localhost']) {
  test(`the first event is seen within ten seconds of opening the page at ${name}, after one click`, async () => {
    const began = Date.now();
    const page = await house.page(SHIPPED.replace('127.0.0.1', name));
    await page.getByText('Listening to news').waitFor();
    await page.getByRole('button', { name: 'Publish' }).click();
    await events(page).getByText('{"hello":1}', { exact: true }).waitFor();
    assert.ok(Date.now() - began < 10_000, `it took ${Date.now() - began} ms`);
    assert.equal(await events(page).count(), 1);
    assert.equal(await page.locator('dl').innerText(), addresses(name), 'where to connect');
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
}

test('the console on an internal address shows the first event too, and where clients connect', async () => {
  const page = await house.page(APART);
  await page.getByText('Listening to news').waitFor();
  await page.getByRole('button', { name: 'Publish' }).click();
  await events(page).getByText('{"hello":1}', { exact: true }).waitFor();
  const address = await page.locator('dt:text("WebSocket") + dd code').textContent();
  assert.match(address, /^ws:\/\/127\.0\.0\.1:\d+\/connection\/websocket$/);
  assert.notEqual(new URL(address).port, new URL(APART).port);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('a payload stays text, whatever it looks like', async () => {
  const page = await house.page(`${SHIPPED}/#start/markup`);
  await page.getByText('Listening to markup').waitFor();
  const markup = '<script>window.hit=1</script><img src=x onerror="window.hit=1"><b>bold</b>';
  await api(SHIPPED, 'publish', { channel: 'markup', data: markup });
  await events(page).getByText(JSON.stringify(markup), { exact: true }).waitFor();
  assert.equal(await page.evaluate(() => window.hit), undefined);
  assert.equal(await page.locator('main script, main img, main b').count(), 0);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('no script of the page can write markup from text', async () => {
  const page = await house.page(SHIPPED);
  const refused = await page.evaluate(() => {
    try {
      document.body.innerHTML = '<p>';
      return 'written';
    } catch (error) {
      return error.name;
    }
  });
  assert.equal(refused, 'TypeError');
  await page.context().close();
});

test('what is not valid JSON, and what the broker refuses, is told with what to do', async () => {
  const page = await house.page(SHIPPED);
  await page.getByLabel('Event (JSON)').fill('hello');
  await page.getByRole('button', { name: 'Publish' }).click();
  await page.getByRole('alert').getByText('This is not valid JSON').waitFor();
  await page.getByLabel('Event (JSON)').fill('"hello"');
  await page.getByLabel('Channel').fill('nowhere:1');
  await page.getByRole('button', { name: 'Publish' }).click();
  await page.getByRole('alert').getByText('no namespace for this channel').waitFor();
  await page.getByRole('button', { name: 'Listen' }).click();
  await page.getByText('Not listening: unknown channel (102)').waitFor();
  await page.context().close();
});

test('numbers that JavaScript would round, and large payloads, are shown as they came', async () => {
  const page = await house.page(`${SHIPPED}/#start/large`);
  await page.getByText('Listening to large').waitFor();
  await fetch(`${SHIPPED}/api/publish`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"channel":"large","data":[12345678901234567890]}',
  });
  await events(page).getByText('[12345678901234567890]', { exact: true }).waitFor();
  await api(SHIPPED, 'publish', { channel: 'large', data: 'x'.repeat(50_000) });
  await page.getByRole('button', { name: 'Show all 50,002 characters' }).click();
  const shown = await events(page).first().locator('code').textContent();
  assert.equal(shown.length, 50_002);
  await page.context().close();
});
