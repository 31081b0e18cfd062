'use strict';
// A real Chromium, and a server of pages that load the package as it was built.
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { after, before } = require('node:test');
const { chromium } = require('playwright-core');
const { PACKAGE, ends } = require('./package');

/** How long anything in the page may take; the machine may be busy. */
const PATIENCE = 30_000;
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** Starts the browser of the system. Root has no sandbox for it. */
function launch() {
  const args = process.getuid() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args });
}

/** Serves a folder on loopback; what is not in it is an empty page. */
async function serve(folder = path.join(PACKAGE, 'dist')) {
  const server = http.createServer((request, response) => {
    const name = path.basename(new URL(request.url, 'http://page').pathname) || 'index.html';
    const file = path.join(folder, name);
    response.setHeader('content-type', TYPES[path.extname(name)] ?? 'text/plain');
    response.end(fs.existsSync(file) ? fs.readFileSync(file) : '<!doctype html><title>A page</title>');
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  ends.push(() => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  }));
  return `http://127.0.0.1:${server.address().port}/`;
}

/** A browser for the tests of a file. `page(url, prepare)` opens a page; what goes wrong in it is kept. */
function browser() {
  const held = {};
  before(async () => {
    held.browser = await launch();
    held.context = await held.browser.newContext();
    held.context.setDefaultTimeout(PATIENCE);
  });
  after(() => held.browser?.close());
  held.page = async (url, prepare = async () => {}) => {
    const page = await held.context.newPage();
    ends.push(() => page.close());
    page.problems = [];
    page.on('pageerror', (error) => page.problems.push(String(error)));
    await prepare(page);
    await page.goto(url);
    return page;
  };
  return held;
}

module.exports = { browser, launch, serve };
