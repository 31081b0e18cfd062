'use strict';
// A real Chromium, and the brokers whose consoles are looked at. The Rust test starts them and passes their addresses.
const { after, before } = require('node:test');
const { chromium } = require('playwright-core');

/** How long anything in the page may take; the machine may be busy. */
const PATIENCE = 30_000;

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run these tests through \`cargo test --test clients console::\``);
  return value;
}

/** Serves with the config that the binary comes with. */
const SHIPPED = setting('TEST_CONSOLE_URL');

/** Starts the browser of the system. Root has no sandbox for it. */
function launch() {
  const args = process.getuid() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args });
}

/** A browser for the tests of a file. `page(url, options)` opens a page in a context of its own; what goes wrong in it is kept. */
function browser() {
  const held = { errors: [] };
  before(async () => { held.browser = await launch(); });
  after(() => held.browser?.close());
  held.page = async (url, options = {}) => {
    const context = await held.browser.newContext(options);
    context.setDefaultTimeout(PATIENCE);
    const page = await context.newPage();
    page.problems = [];
    page.on('pageerror', (error) => page.problems.push(String(error)));
    page.on('console', (message) => { if (message.type() === 'error') page.problems.push(message.text()); });
    await page.goto(url);
    return page;
  };
  return held;
}

module.exports = { PATIENCE, SHIPPED, browser, launch, setting };
