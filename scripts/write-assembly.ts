import { writeFileSync } from 'node:fs';
import { compileAssembly } from './compile-assembly.ts';

/** `npm run assembly`: compiles `assembly/` to where `src/simd/` has it from. */
const text = Buffer.from(await compileAssembly()).toString('base64');
writeFileSync(
  new URL('../src/simd/compiled.ts', import.meta.url),
  `/** What \`assembly/\` was compiled to: \`npm run assembly\`. */\nexport const COMPILED =\n  '${text}';\n`,
);
