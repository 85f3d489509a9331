import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const OPTIONS = [
  '--optimizeLevel',
  '3',
  '--shrinkLevel',
  '0',
  '--noAssert',
  '--runtime',
  'stub',
  '--enable',
  'simd',
  '--enable',
  'relaxed-simd',
];
/** Of 64 KiB each. */
const PAGES = '16';

/** `assembly/` as WebAssembly. */
export async function compileAssembly(): Promise<Uint8Array> {
  let compiled: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      'assembly/index.ts',
      '--baseDir',
      fileURLToPath(new URL('..', import.meta.url)),
      ...OPTIONS,
      '--initialMemory',
      PAGES,
      '--maximumMemory',
      PAGES,
      '--outFile',
      'module.wasm',
    ],
    {
      writeFile: (_, contents) => {
        if (typeof contents !== 'string') compiled = contents;
      },
    },
  );
  if (error !== null || compiled === undefined) throw new Error(`assembly/ does not compile:\n${stderr.toString()}`);
  return compiled;
}
