#!/usr/bin/env node
// Plain JavaScript that any Node.js parses, so that an old one gets this line and not a syntax error.
const [major] = process.versions.node.split('.');
if (Number(major) < 24) {
  console.error(
    `faro: needs Node.js 24 or newer, and this is ${process.versions.node} (in a checkout: npm ci brings its own)`,
  );
  process.exit(2);
}
await import('../src/main.ts');
