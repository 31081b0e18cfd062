'use strict';
// Runs the suites of services against Feathers itself, which shows that they ask for what it does:
//   node against_original.js                     all suites, on fixtures started for them
//   node against_original.js calls.test.js       one of them
// The packages are those that `cargo test --test clients` installed; another place may be given in NODE_PATH.
// What only Callboard does is skipped (TEST_FEATHERS_ORIGINAL=1).
const { spawn } = require('node:child_process');
const { readdirSync } = require('node:fs');
const path = require('node:path');
const { createInterface } = require('node:readline');

const FIXTURES = { TEST_FEATHERS_URL: [], TEST_FEATHERS_RANKED_URL: ['--ranked'] };

const INSTALLED = path.resolve(__dirname, '../../../../target/clients/js/node_modules');

/** Feathers 5 has no filters, and no way for clients to say which events they want. */
const HAVE_NO_ORIGINAL = ['filters.test.js', 'subscribe.test.js'];

/** Starts a fixture and returns it with its address. */
async function start(flags, env) {
  const program = path.join(__dirname, 'original.js');
  const child = spawn(process.execPath, [program, ...flags], { env, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const [, url] = line.match(/^listening on (.*)$/) ?? [];
    if (url) return { child, url };
  }
  throw new Error('the fixture ended before it listened');
}

async function main() {
  const env = { NODE_PATH: INSTALLED, ...process.env, TEST_FEATHERS_ORIGINAL: '1', NO_PROXY: '127.0.0.1' };
  const children = [];
  try {
    for (const [name, flags] of Object.entries(FIXTURES)) {
      const { child, url } = await start(flags, env);
      children.push(child);
      env[name] = url;
    }
    const all = readdirSync(__dirname).filter((name) => name.endsWith('.test.js') && !HAVE_NO_ORIGINAL.includes(name));
    const files = (process.argv.length > 2 ? process.argv.slice(2) : all).map((name) => path.resolve(__dirname, name));
    const args = ['--test', '--test-concurrency=4', '--test-timeout=120000', ...files];
    const suite = spawn(process.execPath, args, { env, stdio: 'inherit' });
    process.exitCode = await new Promise((resolve) => { suite.on('exit', (code) => resolve(code ?? 1)); });
  } finally {
    for (const child of children) child.kill();
  }
}

main();
