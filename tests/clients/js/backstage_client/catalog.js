'use strict';
// The examples: the catalog as a process of its own, and its page in Chromium.
const { spawn } = require('node:child_process');
const path = require('node:path');
const { ends, PACKAGE, setting } = require('./package');
const { freePort, startBroker } = require('../backstage/brokers');
const { tool } = require('./documentation');

/** Starts a broker that lets guests in, and the example plugin; builds its page. */
async function start() {
  const { base } = await startBroker(await freePort(), { CALLBOARD_BACKSTAGE__GUESTS: 'true' });
  await tool('npm', 'run', 'examples');
  const program = path.join(PACKAGE, 'examples/dist/catalog.js');
  const catalog = spawn(process.execPath, [program, base, setting('TEST_SERVICE_KEY')], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => { catalog.once('exit', (code, signal) => resolve(code ?? signal)); });
  let errors = '';
  catalog.stderr.on('data', (text) => { errors += text; });
  const stop = async () => {
    catalog.kill('SIGINT');
    return { status: await ended, errors };
  };
  ends.push(stop);
  return { base, page: path.join(PACKAGE, 'examples/page'), stop };
}

module.exports = { start };
