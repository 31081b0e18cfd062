'use strict';
// The pictures of docs/console.md: `make screenshots` runs it. They are small, so that the repository stays so.
const path = require('node:path');
const { SHIPPED, api, client, launch } = require('./browser');

const folder = process.env.SCREENSHOTS;
const viewport = { width: 900, height: 640 };

async function take() {
  const browser = await launch();
  const open = async (view, colorScheme) => {
    const context = await browser.newContext({ viewport, colorScheme });
    const page = await context.newPage();
    await page.goto(`${SHIPPED}/#${view}`);
    return page;
  };
  const start = await open('start', 'light');
  await start.getByText('Listening to news').waitFor();
  await start.getByRole('button', { name: 'Publish' }).click();
  await start.getByRole('log').getByText('{"hello":1}').waitFor();
  await start.screenshot({ path: path.join(folder, 'console-start.png') });

  const listener = await client(SHIPPED, 'chat:lobby');
  const tail = await open('tail', 'dark');
  await tail.getByText('Tailing all channels').waitFor();
  for (const [channel, data] of [['chat:lobby', { text: 'Is the set ready?' }], ['chat:lobby', { text: 'Yes. Doors in five minutes.' }],
    ['news', { headline: 'Curtain up' }], ['orders', { id: 17, state: 'paid' }]]) {
    await api(SHIPPED, 'publish', { channel, data });
  }
  await tail.getByText('4 shown').waitFor();
  await tail.screenshot({ path: path.join(folder, 'console-tail.png') });
  listener.socket.close();
  await browser.close();
}

take().catch((error) => {
  console.error(error);
  process.exit(1);
});
