'use strict';
// Runs the suites of a folder against its `original.js`, Feathers itself, which shows that they ask for what it does. The packages
// are those that `cargo test --test clients` installed; another place may be given in NODE_PATH.
// What Callboard does otherwise on purpose is skipped (TEST_FEATHERS_ORIGINAL=1).
const { spawn } = require('node:child_process');
const { readdirSync } = require('node:fs');
const path = require('node:path');
const { createInterface } = require('node:readline');

const INSTALLED = path.resolve(__dirname, '../../../target/clients/js/node_modules');

/** `folder` has the suites, which find the original's address in the variable `name`. */
async function run(folder, name) {
  const env = { NODE_PATH: INSTALLED, ...process.env, NODE_ENV: 'production', TEST_FEATHERS_ORIGINAL: '1', NO_PROXY: '127.0.0.1' };
  const original = spawn(process.execPath, [path.join(folder, 'original.js')], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    for await (const line of createInterface({ input: original.stdout })) {
      [, env[name]] = line.match(/^listening on (.*)$/) ?? [];
      if (env[name]) break;
    }
    const files = readdirSync(folder).filter((file) => file.endsWith('.test.js')).map((file) => path.join(folder, file));
    const suite = spawn(process.execPath, ['--test', '--test-timeout=120000', ...files], { env, stdio: 'inherit' });
    process.exitCode = await new Promise((resolve) => { suite.on('exit', (code) => resolve(code ?? 1)); });
  } finally {
    original.kill();
  }
}

module.exports = { run };
