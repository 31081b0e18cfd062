'use strict';
// Runs these suites against Feathers itself, which shows that they ask for what it does:
//   node against_original.js
// The packages are those that `cargo test --test clients` installed; another place may be given in NODE_PATH.
// What Callboard does otherwise on purpose is skipped (TEST_FEATHERS_ORIGINAL=1).
const { spawn } = require('node:child_process');
const { readdirSync } = require('node:fs');
const path = require('node:path');
const { createInterface } = require('node:readline');

const INSTALLED = path.resolve(__dirname, '../../../../target/clients/js/node_modules');

async function main() {
  const env = { NODE_PATH: INSTALLED, ...process.env, NODE_ENV: 'production', TEST_FEATHERS_ORIGINAL: '1', NO_PROXY: '127.0.0.1' };
  const original = spawn(process.execPath, [path.join(__dirname, 'original.js')], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    for await (const line of createInterface({ input: original.stdout })) {
      [, env.TEST_FEATHERS_LOGINS_URL] = line.match(/^listening on (.*)$/) ?? [];
      if (env.TEST_FEATHERS_LOGINS_URL) break;
    }
    const files = readdirSync(__dirname).filter((name) => name.endsWith('.test.js')).map((name) => path.join(__dirname, name));
    const suite = spawn(process.execPath, ['--test', '--test-timeout=120000', ...files], { env, stdio: 'inherit' });
    process.exitCode = await new Promise((resolve) => { suite.on('exit', (code) => resolve(code ?? 1)); });
  } finally {
    original.kill();
  }
}

main();
