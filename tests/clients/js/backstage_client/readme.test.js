'use strict';
// The README of the package is true of the package.
const { test } = require('node:test');
const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { createRequire } = require('node:module');
const { promisify } = require('node:util');
const { ends, PACKAGE, part, setting } = require('./package');
const { blocksOf, tool } = require('./documentation');

const README = fs.readFileSync(path.join(PACKAGE, 'README.md'), 'utf8');
const blocks = (language) => blocksOf(README, language);

test('its TypeScript has the types that it says it has', async () => {
  const folder = path.join(PACKAGE, 'readme');
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder);
  const written = blocks('ts');
  assert.equal(written.length, 4);
  written.forEach((block, at) => fs.writeFileSync(path.join(folder, `block${at}.ts`), block));
  const compilerOptions = { rootDir: '.', noEmit: true, skipLibCheck: true };
  fs.writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../tsconfig.json', compilerOptions, include: ['*.ts'] }));
  const { stdout } = await tool('tsc', '--project', 'readme/tsconfig.json', '--pretty', 'false').catch((failed) => failed);
  assert.equal(stdout, '');
});

test('its configs are read', async () => {
  const { endpoint } = await part('config');
  const [config] = blocks('yaml').map((block) => createRequire(path.join(PACKAGE, 'package.json'))('yaml').parse(block));
  assert.equal(endpoint(config), 'ws://localhost:8000/events');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'callboard-'));
  ends.push(() => fs.rmSync(folder, { recursive: true }));
  fs.writeFileSync(path.join(folder, 'broker.toml'), blocks('toml')[0]);
  const [, keys] = blocks('sh');
  const run = (program, ...args) => promisify(execFile)(program, args, { cwd: folder });
  await run('sh', '-ec', keys.replace(/\ncallboard .*/, ''));
  await run(setting('TEST_CALLBOARD'), 'check-config', '--config', 'broker.toml');
});

test('it names every option, and every script that it shows is there', async () => {
  const { withDefaults } = await part('options');
  for (const option of Object.keys(withDefaults())) assert.ok(README.includes(`\`${option}\``), option);
  const { scripts } = JSON.parse(fs.readFileSync(path.join(PACKAGE, 'package.json'), 'utf8'));
  for (const [, script] of README.matchAll(/npm run (\w+)/g)) assert.ok(scripts[script], script);
});
