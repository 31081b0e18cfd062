'use strict';
const { after, before, test } = require('node:test');
const assert = require('node:assert/strict');
const { browser } = require('../console/browser');
const { enter, open, send, serve, signUp } = require('./pages');

const house = browser();
let server;
before(async () => { server = await serve(); });
after(() => server.close());

test('messages of one\'s company appear live on two pages, and on no page of another', async () => {
  const [ann, bob, eve] = await Promise.all([1, 2, 3].map(() => open(house.browser, server)));
  await signUp(ann, 'ann@example.com', 'Globe');
  await signUp(bob, 'bob@example.com', 'Globe');
  await signUp(eve, 'eve@example.com', 'Swan');
  await send(ann, 'Is the set ready?');
  await bob.getByText('Is the set ready?').waitFor();
  await send(eve, 'Not for the Globe');
  await send(bob, 'Yes. Doors in five minutes.');
  for (const page of [ann, bob]) {
    await page.getByText('Yes. Doors in five minutes.').waitFor();
    assert.deepEqual(await page.getByRole('listitem').allTextContents(),
      ['Is the set ready? ann@example.com', 'Yes. Doors in five minutes. bob@example.com']);
  }
  await eve.getByText('Not for the Globe').waitFor();
  assert.deepEqual(await eve.getByRole('listitem').allTextContents(), ['Not for the Globe eve@example.com']);

  // A tab that is loaded again is logged in, and finds what is stored.
  await bob.reload();
  await bob.getByText('bob@example.com of Globe').waitFor();
  await bob.getByText('Is the set ready?').waitFor();
  await bob.getByRole('button', { name: 'Log out' }).click();
  await bob.getByRole('button', { name: 'Log in' }).waitFor();
  await send(ann, 'Curtain up');
  await ann.getByText('Curtain up').waitFor();
  assert.equal(await bob.getByText('Curtain up').count(), 0);
});

test('the page says what is wrong, and logs in', async () => {
  const page = await open(house.browser, server);
  await signUp(page, 'may@example.com', 'Rose');
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('button', { name: 'Log in' }).waitFor();
  await enter(page, 'Log in', { email: 'may@example.com', password: 'wrong horse' });
  await page.getByRole('alert').getByText('Invalid login').waitFor();
  await enter(page, 'Sign up', { email: 'may@example.com', company: 'Globe' });
  await page.getByRole('alert').getByText('exists already').waitFor();
  await enter(page, 'Log in', { email: 'may@example.com' });
  await page.getByText('may@example.com of Rose').waitFor();
  assert.equal(await page.getByRole('listitem').count(), 0);
});

test('a page that is not let in says what to look at', async () => {
  const page = await open(house.browser, server, 'page.localhost');
  await page.getByRole('alert').getByText(/does its socketio\.cors list http:\/\/page\.localhost:\d+\?/).waitFor();
});
