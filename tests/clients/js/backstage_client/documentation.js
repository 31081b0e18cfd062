'use strict';
// The code blocks of Backstage's documentation of events (`documentation.md`), as printed but for their imports: compiled by tsc, beside what
// the documentation takes for granted.
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { promisify } = require('node:util');
const { PACKAGE } = require('./package');

const DOCUMENTATION = fs.readFileSync(path.join(__dirname, 'documentation.md'), 'utf8');
const FOLDER = path.join(PACKAGE, 'documentation');

/** Where each name is that the documentation imports. */
const IMPORTS = {
  EventsClientManager: '@callboard/backstage',
  PluginEventsManager: '@callboard/backstage',
  EventsService: '@callboard/backstage',
  eventsApiRef: '@callboard/backstage/frontend',
  useApi: '@backstage/core-plugin-api',
};

/** What the documentation takes for granted around each block of TypeScript: what stands before it, and behind. */
const AROUND = [
  {
    before: `import type { Config } from '@backstage/config';
import { root, tokenManager } from './granted.js';
import type { PluginEnvironment } from './block2.js';`,
    behind: 'export { makeCreateEnv };',
  },
  { before: '', behind: '' },
  {
    before: `import type { Router } from 'express';
import type { PluginEnvironment } from './block2.js';
import { createRouter } from './block4.js';`,
    behind: '',
  },
  { before: 'import type express from \'express\';', behind: '' },
  // Hooks are called while a component renders.
  { before: '', begin: 'export async function block() {', behind: '}' },
  { before: 'import { useEffect } from \'react\';', begin: 'export function block() {', behind: '}' },
];

const GRANTED = `import type { EventsTokenManager } from '@callboard/backstage';
declare global { var granted: { tokenManager: EventsTokenManager } }
export const root = { child: () => root, debug: () => root, info: () => root, warn: console.warn, error: console.error };
export const { tokenManager } = globalThis.granted ?? { tokenManager: undefined };
`;

const PAGE = `import { createRoot } from 'react-dom/client';
import { App } from '../examples/page/app.js';
import { eventsApiFactory } from '../examples/page/apis.js';
import { block as once } from './block5.js';
import { block as whileMounted } from './block6.js';
function Once() { void once(); return null; }
function WhileMounted() { whileMounted(); return null; }
declare global { var show: (parts: { baseUrl: string; token: string; isMounted: boolean }) => void }
const root = createRoot(document.body);
const apis = [eventsApiFactory];
// The same element again and again: React keeps what has not changed.
const still = <Once />;
globalThis.show = ({ isMounted, ...where }) => {
  root.render(<App {...where} apis={apis}>{still}{isMounted && <WhileMounted />}</App>);
};
`;

/** The code blocks of a language in a document. */
const blocksOf = (document, language) => document.split(`\n\`\`\`${language}\n`).slice(1).map((rest) => rest.split('\n```')[0]);
const blocks = (language) => blocksOf(DOCUMENTATION, language);

/** A block with imports of the names' own modules in place of its own. */
function imported(block) {
  const names = [];
  const rest = block.replace(/^import \{ (.*) \} from '.*';\n/gm, (_, list) => {
    names.push(...list.split(', '));
    return '';
  });
  const lines = names.map((name) => {
    if (!IMPORTS[name]) throw new Error(`nobody has said where ${name} is`);
    return `import { ${name} } from '${IMPORTS[name]}';`;
  });
  return { lines: lines.join('\n'), rest };
}

/** Writes all blocks as modules; how many there are. */
function write() {
  fs.rmSync(FOLDER, { recursive: true, force: true });
  fs.mkdirSync(FOLDER);
  const printed = blocks('ts');
  printed.forEach((block, at) => {
    const { before, begin = '', behind } = AROUND[at];
    const { lines, rest } = imported(block);
    fs.writeFileSync(path.join(FOLDER, `block${at + 1}.ts`), [lines, before, begin, rest, behind].join('\n'));
  });
  fs.writeFileSync(path.join(FOLDER, 'granted.ts'), GRANTED);
  fs.writeFileSync(path.join(FOLDER, 'page.tsx'), PAGE);
  const compilerOptions = {
    rootDir: '..', outDir: 'built', jsx: 'react-jsx', declaration: false, skipLibCheck: true, esModuleInterop: true,
    // As the documentation prints types: among values, and without all that is strictest.
    verbatimModuleSyntax: false, exactOptionalPropertyTypes: false, noUnusedLocals: false,
  };
  fs.writeFileSync(path.join(FOLDER, 'tsconfig.json'), JSON.stringify({ extends: '../tsconfig.json', compilerOptions, include: ['*.ts', '*.tsx'] }));
  return printed.length;
}

const tool = (name, ...args) => promisify(execFile)(name === 'npm' ? name : path.join(PACKAGE, 'node_modules/.bin', name), args, { cwd: PACKAGE });

/** Compiles the blocks; what the compiler says of them, a line each. */
async function compile() {
  const { stdout } = await tool('tsc', '--project', 'documentation/tsconfig.json', '--pretty', 'false').catch((failed) => failed);
  return stdout.split('\n').filter((line) => line !== '' && !line.startsWith(' '));
}

/** Makes one script of the page. */
const bundle = () => tool('esbuild', 'documentation/page.tsx', '--bundle', '--format=esm', '--jsx=automatic', '--outfile=documentation/page/page.js');

module.exports = { FOLDER, blocks, blocksOf, bundle, compile, tool, write };
