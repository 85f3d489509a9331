import { createHash, type KeyObject } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { JournalReader } from '../journal/reader.ts';
import { FaroError } from '../model/errors.ts';
import { assembleStory, type StoryFacts } from './assemble.ts';
import { compressionFor } from './compress.ts';
import { type FileSink, MemberWriter } from './member-writer.ts';
import { checkPlace, placeFile } from './place.ts';
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

/** Makes the story of a journal and puts it in place at once; a crash leaves the old file or the new one, and the journal. */
export async function writeStory(options: WriteStoryOptions): Promise<StorySummary> {
  const { journal, output, force, signKey } = options;
  await using reader = await JournalReader.open(journal);
  if (output === '-') return await writeTo(reader, { output, signKey }, (chunk) => writeStdout(chunk));
  await checkOutput(output, { force });
  const hint = `the journal is kept: "faro recover ${journal} -o FILE" writes the story elsewhere`;
  return await placeFile(output, hint, (write) => writeTo(reader, { output, signKey }, write));
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
