import { createHash, type KeyObject, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { JournalReader } from '../journal/reader.ts';
import { FaroError, messageOf } from '../model/errors.ts';
import { assembleStory, type StoryFacts } from './assemble.ts';
import { compressionFor } from './compress.ts';
import { type FileSink, MemberWriter } from './member-writer.ts';
import { DocumentSigner } from './signature.ts';
import { ScratchFolder } from './spill.ts';

export interface StorySummary extends StoryFacts {
  /** Of the document, before it was compressed. */
  readonly sha256: string;
  /** Of the file. */
  readonly bytes: number;
}

export interface WriteStoryOptions {
  /** The journal's folder. */
  readonly journal: string;
  /** `.json`, `.json.gz`, `.json.zst`, or `-` for standard output. */
  readonly output: string;
  readonly force: boolean;
  /** ed25519 private key that signs the document. */
  readonly signKey?: KeyObject | undefined;
}

/** Finds out before a recording begins that its story could not be written. Throws FaroError `output`. */
export async function checkOutput(output: string, options: { readonly force: boolean }): Promise<void> {
  if (output === '-') return;
  compressionFor(output);
  await checkPlace(output, options);
}

/** Whether a file can be put there. Throws FaroError `output`. */
export async function checkPlace(output: string, options: { readonly force: boolean }): Promise<void> {
  const folder = dirname(output);
  await tryFolder(folder).catch((cause: unknown) => {
    const isMissing = codeOf(cause) === 'ENOENT' && !existsSync(folder);
    const message = isMissing ? `there is no folder ${folder}` : `the folder ${folder} is not writable`;
    const hint = isMissing ? 'create it, or name another file with -o' : 'name another file with -o';
    throw new FaroError('output', `${output}: ${message}`, { cause, hint });
  });
  const existing = await stat(output).catch(() => undefined); // whatever it is, the rename will tell
  if (existing === undefined) return;
  if (existing.isDirectory())
    throw new FaroError('output', `${output} is a folder`, {
      hint: `name a file in it, e.g. ${join(output, 'story.json')}`,
    });
  if (!options.force)
    throw new FaroError('output', `${output} exists already`, {
      hint: 'name another file with -o, or overwrite it with --force',
    });
}

/** Permissions tell little (to root, of a read-only or special file system): a file is made, and removed again. */
async function tryFolder(folder: string): Promise<void> {
  const file = join(folder, `.${randomUUID()}.faro.tmp`);
  await (await open(file, 'wx', 0o600)).close();
  await rm(file);
}

/**
 * Makes the story of a journal and puts it in place at once: written beside its place, synced, renamed. A crash leaves
 * the old file or the new one, and the journal.
 */
export async function writeStory(options: WriteStoryOptions): Promise<StorySummary> {
  const { journal, output, force, signKey } = options;
  await using reader = await JournalReader.open(journal);
  if (output === '-') return await writeTo(reader, { output, signKey }, (chunk) => writeStdout(chunk));
  await checkOutput(output, { force });
  return await putInPlace(output, (write) => writeTo(reader, { output, signKey }, write)).catch((error: unknown) => {
    if (!(error instanceof FaroError) || error.code !== 'output') throw error;
    const hint = `the journal is kept: "faro recover ${journal} -o FILE" writes the story elsewhere`;
    throw new FaroError('output', error.message, { cause: error, hint });
  });
}

/** Writes a file whole or not at all. Throws FaroError `output` where it cannot. */
export async function putInPlace<T>(output: string, make: (write: FileSink) => Promise<T>): Promise<T> {
  const temporary = join(dirname(output), `.${randomUUID()}.faro.tmp`);
  try {
    await using file = await open(temporary, 'wx', 0o600);
    const result = await make(async (chunk) => {
      await file.writeFile(chunk);
    });
    await file.sync();
    await rename(temporary, output);
    await syncFolder(dirname(output));
    return result;
  } catch (cause) {
    await rm(temporary, { force: true });
    if (cause instanceof FaroError) throw cause;
    throw new FaroError('output', `${output} could not be written: ${messageOf(cause)}`, { cause });
  }
}

async function writeTo(
  reader: JournalReader,
  { output, signKey }: Pick<WriteStoryOptions, 'output' | 'signKey'>,
  write: FileSink,
): Promise<StorySummary> {
  const hash = createHash('sha256');
  let bytes = 0;
  const counted: FileSink = async (chunk) => {
    bytes += chunk.length;
    await write(chunk);
  };
  const compression = compressionFor(output);
  const members = compression === undefined ? undefined : new MemberWriter(compression, counted);
  const signer = signKey === undefined ? undefined : new DocumentSigner(signKey);
  const document: FileSink = async (chunk) => {
    hash.update(chunk);
    await (members === undefined ? counted(chunk) : members.take(chunk));
  };
  await using scratch = new ScratchFolder(output === '-' ? tmpdir() : dirname(output));
  const sink: FileSink = (chunk) => document(signer === undefined ? chunk : signer.take(chunk));
  const facts = await assembleStory(reader, { sink, scratch });
  if (signer !== undefined) await document(signer.end());
  await members?.finish();
  return { ...facts, sha256: hash.digest('hex'), bytes };
}

/** Resolves when standard output has taken it. */
export function writeStdout(chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(chunk, (error) =>
      error ? reject(new FaroError('output', `standard output: ${error.message}`, { cause: error })) : resolve(),
    );
  });
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
