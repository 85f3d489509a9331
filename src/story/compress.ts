import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { FaroError } from '../model/errors.ts';

/** How a story's text becomes bytes: each piece a member of its own, so that any of them can be read alone. */
export interface Compressor {
  member(chunk: Buffer): Buffer;
}

const COMPRESSORS: Readonly<Record<string, Compressor>> = {
  '.json': { member: (chunk) => chunk },
  '.json.gz': { member: (chunk) => gzipSync(chunk, { level: 6 }) },
  '.json.zst': {
    member: (chunk) =>
      zstdCompressSync(chunk, {
        params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
      }),
  },
};

/** By the file's name. Throws FaroError `usage` for one that Faro does not write. */
export function compressorFor(output: string): Compressor {
  if (output === '-') return plain;
  const extension = Object.keys(COMPRESSORS).find((candidate) => output.endsWith(candidate));
  const compressor = COMPRESSORS[extension ?? ''];
  if (compressor !== undefined) return compressor;
  throw new FaroError('usage', `-o ${output}: faro does not know this kind of file`, {
    hint: `name it .json, .json.gz or .json.zst, or - for standard output`,
  });
}

const plain: Compressor = { member: (chunk) => chunk };
