'use strict';
// Runs the Socket.IO suites against the original server, which shows that they ask for what it does:
//   node against_original.js               the JavaScript suites, three fixtures started for them
//   node against_original.js edges.test.js          one of them
//   node against_original.js -- pytest ../../py/test_socketio_*.py      another command with the same environment
// The packages are those that `cargo test --test clients` installed; another place may be given in NODE_PATH.
// What only Callboard does is skipped (TEST_SOCKETIO_ORIGINAL=1); suites that need a broker's config are left out.
const { spawn } = require('node:child_process');
const { readdirSync } = require('node:fs');
const path = require('node:path');
const { createInterface } = require('node:readline');

const FIXTURES = {
  TEST_SOCKETIO_URL: ['--max-payload', '3000000'],
  TEST_SOCKETIO_BRISK_URL: [
    '--ping-interval', '300', '--ping-timeout', '200', '--connect-timeout', '500', '--cors', 'https://app.example',
  ],
  TEST_SOCKETIO_RECOVERY_URL: ['--recovery', '120000'],
};

const INSTALLED = path.resolve(__dirname, '../../../../target/clients/js/node_modules');

const NEED_A_BROKER = ['builtin.test.js', 'expiry.test.js', 'tokens.test.js'];

/** Starts a fixture and returns it with its address. */
async function start(flags, env) {
  const program = path.join(__dirname, 'original.js');
  const stdio = ['ignore', 'pipe', 'inherit', 'ipc'];
  const child = spawn(process.execPath, [program, '--port', '0', ...flags], { env, stdio });
  for await (const line of createInterface({ input: child.stdout })) {
    const [, url] = line.match(/^listening on (.*)$/) ?? [];
    if (url) return { child, url };
  }
  throw new Error('the fixture ended before it listened');
}

function command(args) {
  if (args[0] === '--') return args.slice(1);
  const all = () => readdirSync(__dirname).filter((name) => name.endsWith('.test.js') && !NEED_A_BROKER.includes(name));
  const files = (args.length ? args : all()).map((name) => path.resolve(__dirname, name));
  return [process.execPath, '--test', '--test-concurrency=4', '--test-timeout=120000', ...files];
}

async function main() {
  const env = { NODE_PATH: INSTALLED, ...process.env, TEST_SOCKETIO_ORIGINAL: '1', NO_PROXY: '127.0.0.1' };
  const children = [];
  try {
    for (const [name, flags] of Object.entries(FIXTURES)) {
      const { child, url } = await start(flags, env);
      children.push(child);
      env[name] = url;
    }
    const [program, ...rest] = command(process.argv.slice(2));
    const suite = spawn(program, rest, { env, stdio: 'inherit' });
    process.exitCode = await new Promise((resolve) => { suite.on('exit', (code) => resolve(code ?? 1)); });
  } finally {
    for (const child of children) child.kill();
  }
}

main();
