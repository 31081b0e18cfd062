'use strict';
// The picture of docs/feathers.md: `make screenshots` runs it.
const path = require('node:path');
const { launch, setting } = require('../console/browser');
const { open, send, serve, signUp } = require('./pages');

async function take() {
  const [browser, server] = [await launch(), await serve()];
  const [ann, bob] = await Promise.all([1, 2].map(() => open(browser, server, 'localhost', { viewport: { width: 640, height: 420 } })));
  await signUp(ann, 'ann@example.com', 'Globe');
  await signUp(bob, 'bob@example.com', 'Globe');
  await send(ann, 'Is the set ready?');
  await bob.getByText('Is the set ready?').waitFor();
  await send(bob, 'Yes. Doors in five minutes.');
  await ann.getByText('Yes. Doors in five minutes.').waitFor();
  await ann.screenshot({ path: path.join(setting('SCREENSHOTS'), 'data-service.png') });
  await browser.close();
  server.close();
}

take().catch((error) => {
  console.error(error);
  process.exit(1);
});
