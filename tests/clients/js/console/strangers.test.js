'use strict';
// Pages of other origins get nothing of the console, and nothing done through it.
const { after, before, test } = require('node:test');
const assert = require('node:assert/strict');
const http = require('node:http');
const { APART, SHIPPED, api, browser } = require('./browser');

const house = browser();
let server;
let foreign;

before(async () => {
  server = http.createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><title>foreign</title>'));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  foreign = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());

test('a page of a foreign origin reads nothing, frames nothing, runs nothing and does nothing', async () => {
  for (const base of [SHIPPED, APART]) {
    const page = await house.page(foreign);
    const got = await page.evaluate(async (console_) => {
      const outcome = (promise) => promise.then(() => 'got it', () => 'refused');
      const text = (path, options) => outcome(fetch(console_ + path, options).then((response) => response.text()));
      const loaded = (name, attributes) => new Promise((resolve) => {
        const element = document.createElement(name);
        element.onload = () => resolve('got it');
        element.onerror = () => resolve('refused');
        document.body.append(Object.assign(element, attributes));
      });
      const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"channel":"foreign","data":1}' };
      const plain = { method: 'POST', mode: 'no-cors', headers: { 'content-type': 'text/plain' }, body: json.body };
      await fetch(`${console_}/api/publish`, plain).catch(() => {});
      const frame = document.createElement('iframe');
      frame.src = `${console_}/`;
      document.body.append(frame);
      await new Promise((resolve) => { frame.onload = resolve; });
      return {
        page: await text('/'), description: await text('/console/broker.json'), code: await outcome(import(`${console_}/console/app.js`)),
        script: await loaded('script', { src: `${console_}/console/api.js` }), image: await loaded('img', { src: `${console_}/console/icon.svg` }),
        api: await text('/api/publish', json), tail: await text('/api/tail', json),
      };
    }, base);
    for (const [what, outcome] of Object.entries(got)) assert.equal(outcome, 'refused', `${what} of ${base}`);
    for (const frame of page.frames().slice(1)) assert.equal(await frame.locator('#nav').count(), 0, 'the console is framed');
    await page.context().close();
  }
  const { offset } = await api(SHIPPED, 'history', { channel: 'foreign' });
  assert.equal(offset ?? 0, 0, 'a foreign page has published');
});

test('a link from a foreign page opens the console as any other', async () => {
  const page = await house.page(foreign);
  await page.evaluate((url) => { location.href = url; }, SHIPPED);
  await page.getByText('Listening to news').waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test('a name that only leads here is told the name to use', async () => {
  const { port } = new URL(SHIPPED);
  const answer = await new Promise((resolve, reject) => {
    http.get({ host: '127.0.0.1', port, path: '/', headers: { host: `evil.example:${port}` } }, (response) => {
      let text = '';
      response.on('data', (part) => { text += part; });
      response.on('end', () => resolve({ status: response.statusCode, text }));
    }).on('error', reject);
  });
  assert.equal(answer.status, 403);
  assert.match(answer.text, /open it as http:\/\/localhost/);
});
