#!/usr/bin/env node
// Plain JavaScript that any Node.js parses, so that an old one gets this line and not a syntax error.
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

const [major] = process.versions.node.split('.');
if (Number(major) < 24) {
  console.error(
    `faro: needs Node.js 24 or newer, and this is ${process.versions.node} (a checkout's npm ci brings its own, which npx faro takes)`,
  );
  process.exit(2);
}
// A checkout runs its sources, the package the one file that was made of them.
const source = new URL('../src/main.ts', import.meta.url);
// Compiled code is kept between runs: a third of the start-up. Where its folder cannot be written, nothing is kept.
const { codeFolder } = await import('./code-folder.js');
const folder = codeFolder();
if (folder !== undefined) nodeModule.enableCompileCache(folder);
if (existsSync(source)) {
  // It is written at the end, which a command that is killed does not come to: of one that runs for long, by then.
  setTimeout(() => nodeModule.flushCompileCache(), 2000).unref();
  await import(source.href);
} else {
  const { runCompiled } = await import('./compiled.js');
  runCompiled(fileURLToPath(new URL('../dist/main.cjs', import.meta.url)), process.argv.slice(2));
}
