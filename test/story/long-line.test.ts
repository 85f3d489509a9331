import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/cli/context.ts';
import { JournalReader } from '../../src/journal/reader.ts';
import { JournalWriter } from '../../src/journal/writer.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import { assembleStory } from '../../src/story/assemble.ts';
import { ScratchFolder } from '../../src/story/spill.ts';
import { temporaryFolder } from '../folder.ts';
import { collect } from '../held-memory.ts';
import { beginning, INSTANCE, TIME } from './one-pod.ts';

const folder = temporaryFolder('long-line');

/** Runtimes split lines into as many bytes, wherever a character may end. */
const RECORD_BYTES = 16 * 1024;
const RECORDS_A_BLOCK = 16;
const MIB = 1024 * 1024;

function* recordsOf(content: Buffer): Generator<JournalRecord> {
  yield* beginning({ terminated: { exitCode: 3 } });
  yield {
    kind: 'streamOpened',
    observed: TIME,
    stream: 0,
    instance: INSTANCE,
    route: 'node-files',
    attempt: 0,
    limited: false,
  };
  const step = RECORD_BYTES * RECORDS_A_BLOCK;
  for (let from = 0; from < content.length; from += step) {
    const records: Buffer[] = [];
    for (let at = from; at < Math.min(content.length, from + step); at += RECORD_BYTES) {
      const tag = at + RECORD_BYTES < content.length ? 'P' : 'F';
      const part = content.subarray(at, at + RECORD_BYTES);
      records.push(Buffer.from(`${TIME} stdout ${tag} `), part, Buffer.from('\n'));
    }
    const isLast = from + step >= content.length;
    const size = {
      lines: isLast ? 1 : 0,
      contentBytes: Math.min(step, content.length - from),
      first: TIME,
      last: TIME,
    };
    const origin = { format: 'cri', file: '0.log', offset: from, unterminated: false } as const;
    yield { kind: 'log', observed: TIME, stream: 0, ...size, ...origin, bytes: Buffer.concat(records) };
  }
  yield { kind: 'logEnd', observed: TIME, instance: INSTANCE, end: 'proven', evidence: 'read to its end' };
  yield { kind: 'streamClosed', observed: TIME, stream: 0, boundTo: INSTANCE, repeatsRemoved: 0, reason: 'ended' };
  yield { kind: 'end', time: TIME, ended: 'for' };
}

/** Makes the story of a line; gives what it took, and the SHA-256 of the JSON behind the name of the line's content. */
async function storyOf(content: Buffer, name: 'line' | 'bytes') {
  const dir = join(folder, `${name}-${content.length}`);
  {
    await using writer = await JournalWriter.create(dir, { clock: systemClock });
    for (const record of recordsOf(content)) {
      writer.append(record);
      await writer.drained(new AbortController().signal);
    }
  }
  await using journal = await JournalReader.open(dir);
  await using scratch = new ScratchFolder(folder);
  collect();
  const before = process.memoryUsage().arrayBuffers;
  const beginning = Buffer.from(`"stream":"stdout","${name}":`);
  const hash = createHash('sha256');
  let [longest, most, isIn] = [0, 0, false];
  const sink = async (chunk: Buffer) => {
    longest = Math.max(longest, chunk.length);
    collect();
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    const at = isIn ? 0 : chunk.indexOf(beginning);
    if (at === -1) return;
    const from = isIn ? 0 : at + beginning.length;
    const end = chunk.indexOf('}', from);
    hash.update(chunk.subarray(from, end === -1 ? chunk.length : end));
    isIn = end === -1;
  };
  const facts = await assembleStory(journal, { sink, scratch });
  assert.equal(facts.counts.logLines, 1);
  return { longest, most, sha256: hash.digest('hex') };
}

function sha256Of(json: string): string {
  return createHash('sha256').update(json).digest('hex');
}

test('a line of 24 MB goes from the journal to the story in pieces, exactly, and is in memory once', async () => {
  const content = Buffer.alloc(24e6, 'a "quotation" \\ and \t a tab, äöü and 😀; ');
  const expected = sha256Of(JSON.stringify(content.toString()));
  const { longest, most, sha256 } = await storyOf(content, 'line');
  assert.equal(sha256, expected);
  assert.ok(longest < 2 * MIB, `a piece of ${longest} bytes`);
  // Its parts, and what is read, escaped and written of it at the moment.
  assert.ok(most < 2.2 * content.length, `${Math.round(most / MIB)} MiB in buffers`);
});

test('a long line that is not UTF-8 keeps its bytes, whatever the length of its parts', async () => {
  for (const length of [3 * MIB, 3 * MIB + 1, 3 * MIB + 2]) {
    const content = Buffer.alloc(length, 'x😀\xff');
    content[length - 1] = 0xff;
    const { sha256 } = await storyOf(content, 'bytes');
    assert.equal(sha256, sha256Of(`"${content.toString('base64')}"`), `${length} bytes`);
  }
});
