'use strict';
// What is seen and done in the views beside the first.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { SHIPPED, api, browser, client } = require('./browser');

const house = browser();

test('the live tail shows the events of all channels or of one, and counts what comes while it is paused', async () => {
  const page = await house.page(`${SHIPPED}/#tail`);
  await page.getByText('Tailing all channels of this node').waitFor();
  await api(SHIPPED, 'publish', { channel: 'tailed', data: { n: '<script>1</script>' } });
  await api(SHIPPED, 'publish', { channel: 'chat:tailed', data: { n: 2 } });
  const rows = page.getByRole('list', { name: 'Events' }).getByRole('listitem');
  await rows.getByText('{"n":"<script>1</script>"}', { exact: true }).waitFor();
  await rows.getByText('{"n":2}', { exact: true }).waitFor();

  await page.getByLabel('Channel (empty: all)').fill('tailed');
  await page.getByRole('button', { name: 'Tail' }).click();
  await page.getByText('Tailing tailed').waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await api(SHIPPED, 'publish', { channel: 'chat:tailed', data: 'elsewhere' });
  await api(SHIPPED, 'publish', { channel: 'tailed', data: 'while paused' });
  await page.getByText('0 shown; not shown: 1 while paused').waitFor();
  await page.getByRole('button', { name: 'Go on' }).click();
  await api(SHIPPED, 'publish', { channel: 'tailed', data: 'again' });
  await rows.getByText('"again"', { exact: true }).waitFor();
  assert.equal(await rows.count(), 1);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('a flood is sampled, and what is not shown is counted', async () => {
  const page = await house.page(`${SHIPPED}/#tail/flood`);
  await page.getByText('Tailing flood').waitFor();
  await page.getByLabel('At most, per second').selectOption('10');
  await page.getByRole('button', { name: 'Tail' }).click();
  await page.getByText('Tailing flood').waitFor();
  const commands = Array.from({ length: 100 }, (_, n) => ({ publish: { channel: 'flood', data: n } }));
  await api(SHIPPED, 'batch', { commands }).catch(() => {});
  await page.getByText(/^\d+ shown; not shown: \d+ beyond the rate$/).waitFor();
  const [shown, skipped] = (await page.getByText('beyond the rate').textContent()).match(/\d+/g).map(Number);
  assert.ok(shown >= 10 && skipped > 0 && shown + skipped <= 100, `${shown} shown, ${skipped} skipped`);
  await page.context().close();
});

test('a tail that is refused says why', async () => {
  const page = await house.page(`${SHIPPED}/#tail/nowhere:1`);
  await page.getByRole('alert').getByText('no namespace for this channel').waitFor();
  await page.context().close();
});

test('a channel is listed with its listeners and shown with its history', async () => {
  const listener = await client(SHIPPED, 'shown/a b');
  await api(SHIPPED, 'publish', { channel: 'shown/a b', data: { first: true } });
  const page = await house.page(`${SHIPPED}/#channels`);
  await page.getByLabel('Pattern').fill('shown*');
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByText('1 with listeners').waitFor();
  await page.getByRole('link', { name: 'shown/a b' }).click();
  await page.getByRole('heading', { name: 'Channel shown/a b' }).waitFor();
  await page.getByText('{"first":true}', { exact: true }).waitFor();
  await page.getByRole('link', { name: listener.id }).waitFor();
  page.once('dialog', (dialog) => dialog.accept());
  await page.getByRole('button', { name: 'Remove the history' }).click();
  await page.getByText('No event is kept.').waitFor();
  assert.deepEqual(page.problems, []);
  listener.socket.close();
  await page.context().close();
});

test('a session is shown in full, unsubscribed and disconnected', async () => {
  const listener = await client(SHIPPED, 'one', 'two');
  const page = await house.page(`${SHIPPED}/#sessions`);
  await page.getByRole('link', { name: listener.id }).click();
  await page.getByRole('heading', { name: 'Session', exact: true }).waitFor();
  await page.locator('dt:text-is("kind") + dd:text-is("anonymous")').waitFor();
  await page.locator('dt:text-is("wire") + dd:text-is("centrifuge")').waitFor();
  await page.locator('dt:text-is("carrier") + dd:text-is("websocket")').waitFor();
  await page.locator('dt:text-is("queue") + dd:text-matches("^0 messages, 0 of [0-9,]+ bytes")').waitFor();
  assert.ok(!(await page.locator('body').textContent()).includes('[object'));
  page.on('dialog', (dialog) => dialog.accept());
  await page.getByRole('button', { name: 'Unsubscribe from two' }).click();
  await page.getByRole('link', { name: 'two', exact: true }).waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'one', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Disconnect' }).click();
  assert.equal(await listener.closed, 3503);
  await page.getByText('This session has ended.').waitFor();
  assert.ok(listener.pushes.some((push) => push.channel === 'two' && push.unsubscribe), JSON.stringify(listener.pushes));
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('nodes and rates are numbers of this broker', async () => {
  const page = await house.page(`${SHIPPED}/#nodes`);
  const [node] = (await api(SHIPPED, 'info', {})).nodes;
  await page.getByRole('cell', { name: node.name }).waitFor();
  await page.getByRole('link', { name: 'Rates' }).click();
  const card = page.locator('section', { hasText: 'Publishes per second' });
  await card.locator('.figure').getByText('0').waitFor();
  const burst = setInterval(() => api(SHIPPED, 'publish', { channel: 'rates', data: 1 }), 50);
  await card.locator('.figure').getByText(/^[1-9]/).waitFor();
  await page.locator('section', { hasText: 'API answer within' }).locator('.figure').getByText(/ (µs|ms)$/).waitFor();
  clearInterval(burst);
  assert.ok((await card.locator('polyline').getAttribute('points')).length > 0);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});
