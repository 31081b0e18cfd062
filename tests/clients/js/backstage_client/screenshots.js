'use strict';
// The picture of docs/backstage.md: `make screenshots` runs it.
const path = require('node:path');
const { after, test } = require('node:test');
const { start } = require('./catalog');
const { launch, serve } = require('./chromium');
const { setting } = require('./package');

test('the example is pictured', async () => {
  const { base, page: folder } = await start();
  const chromium = await launch();
  after(() => chromium.close());
  const page = await chromium.newPage({ viewport: { width: 640, height: 300 } });
  await page.goto(`${await serve(folder)}?broker=${encodeURIComponent(base)}`);
  await page.getByRole('listitem').nth(3).waitFor();
  await page.screenshot({ path: path.join(setting('SCREENSHOTS'), 'backstage-events.png') });
});
