import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { FaroError } from '../model/errors.ts';
import { gzipTrailer, type Trailer, zstdTrailer } from './trailer.ts';

/** How a story's text becomes bytes: in members, so that any of them can be read alone, and an index behind them. */
export interface Compression {
  compress(member: Buffer): Buffer;
  decompress(member: Buffer): Buffer;
  readonly trailer: Trailer;
}

export const gzip: Compression = {
  compress: (member) => gzipSync(member, { level: 6 }),
  decompress: (member) => gunzipSync(member),
  trailer: gzipTrailer,
};

export const zstd: Compression = {
  compress: (member) =>
    zstdCompressSync(member, {
      params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
    }),
  decompress: (member) => zstdDecompressSync(member),
  trailer: zstdTrailer,
};

const BY_NAME: Readonly<Record<string, Compression | undefined>> = {
  '.json': undefined,
  '.json.gz': gzip,
  '.json.zst': zstd,
};

/** By the file's name; undefined for none. Throws FaroError `usage` for a file that Faro does not write. */
export function compressionFor(output: string): Compression | undefined {
  if (output === '-') return undefined;
  const extension = Object.keys(BY_NAME).find((candidate) => output.endsWith(candidate));
  if (extension !== undefined) return BY_NAME[extension];
  throw new FaroError('usage', `-o ${output}: faro does not know this kind of file`, {
    hint: `name it .json, .json.gz or .json.zst, or - for standard output`,
  });
}

/** Whether data could not be decompressed. */
export function isZlibError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && /^(?:Z_|ZSTD_|ERR_ZLIB|ERR_BUFFER)/.test(String(error.code));
}
