'use strict';
// The package as npm packs it, by itself: without `ws`, on the WebSocket of Node, or on none.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { promisify } = require('node:util');
const { backend, BROKER, ends, hearing, ownTopic, PACKAGE, serviceToken, until, untilListening } = require('./package');
const { tool } = require('./documentation');

const run = (program, args, cwd) => promisify(execFile)(program, args, { cwd, env: { ...process.env, NODE_PATH: '' } });

/** A program that publishes what its arguments say, and ends; also where it cannot connect. */
const PROGRAM = `import { EventsClientManager } from '@callboard/backstage';
const [baseUrl, token, topic] = process.argv.slice(2);
const fail = (line) => { console.error(line); process.exit(1); };
const logger = { debug() {}, info() {}, warn: fail, error: fail };
const tokenManager = { getToken: async () => ({ token }) };
const events = EventsClientManager.fromConfig({ backend: { baseUrl, events: true } }, { logger, tokenManager }).forPlugin('catalog').getClient();
await events.connect();
await events.publish('by itself', { topic });
await events.flush();
await events.disconnect();
`;

/** A folder in which the package is installed, and nothing else. */
async function installed() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'callboard-'));
  ends.push(() => fs.rmSync(folder, { recursive: true }));
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], PACKAGE);
  const [{ filename, files }] = JSON.parse(stdout);
  const home = path.join(folder, 'node_modules/@callboard/backstage');
  fs.mkdirSync(home, { recursive: true });
  await run('tar', ['xzf', path.join(folder, filename), '--strip-components=1', '-C', home], folder);
  fs.writeFileSync(path.join(folder, 'program.mjs'), PROGRAM);
  return { folder, files: files.map((file) => file.path) };
}

test('the package as it is packed needs nothing where Node has a WebSocket, and says what is missing where it has none', async () => {
  const { folder, files } = await installed();
  const wanted = ['config.schema.json', 'dist/index.js', 'dist/index.d.ts', 'dist/frontend.js', 'dist/frontend.d.ts', 'README.md'];
  assert.ok(wanted.every((name) => files.includes(name)), `${files}`);
  assert.ok(!files.some((name) => /^(src|examples|node_modules)\//.test(name)), `${files}`);
  const topic = ownTopic();
  const { heard, hear } = hearing();
  const scaffolder = await backend('scaffolder');
  await scaffolder.subscribe('catalog', hear, topic);
  await untilListening(topic);
  const args = ['program.mjs', BROKER, serviceToken('catalog'), topic];
  const [major] = process.versions.node.split('.');
  const flags = major < 22 ? ['--experimental-websocket'] : [];
  await run(process.execPath, [...flags, ...args], folder);
  await until('it is told', () => heard.length === 1);
  assert.deepEqual(heard, ['by itself']);
  const none = major < 22 ? [] : ['--no-experimental-websocket'];
  await assert.rejects(run(process.execPath, [...none, ...args], folder), ({ code, stderr }) => {
    assert.match(stderr, /this version of Node has no WebSocket: install the package `ws`, or use Node 22 or later/);
    return code === 1;
  });
});

test('what pages load needs nothing of Node', async () => {
  const { stdout } = await tool('esbuild', 'dist/frontend.js', '--bundle', '--format=esm', '--platform=browser');
  assert.ok(stdout.includes('FrontendEventsClient') && !/from ?["']|import\(|require\(/.test(stdout));
});
