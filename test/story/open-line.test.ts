import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { NO_PROOF, positionAfter } from '../../src/logs/proof.ts';
import { type RecordsPiece, WholeLines } from '../../src/logs/whole-lines.ts';
import type { FilePosition, JournalRecord } from '../../src/model/record.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import type { Story } from '../../src/story/document.ts';
import { temporaryFolder } from '../folder.ts';
import { INSTANCE, storyOfPod, TIME } from './one-pod.ts';

const folder = temporaryFolder('open-line');

/** Runtimes split lines into as many bytes. */
const RECORD_BYTES = 16 * 1024;
const READ_BYTES = 512 * 1024;

/** The records of a line, the last one with its end, or of one that goes on. */
function recordsOf(content: string, { isEnded = true, output = 'stdout' } = {}): string {
  const parts = content.match(new RegExp(`.{1,${RECORD_BYTES}}`, 'gs')) ?? [''];
  return parts
    .map((part, at) => `${TIME} ${output} ${isEnded && at === parts.length - 1 ? 'F' : 'P'} ${part}\n`)
    .join('');
}

/** A node's file that is read on from where a reading came to, in pieces; `lost` stands for what went away unread. */
type Log = readonly (string | 'lost' | 'killed' | 'ended')[];

/** Records a log as a node's files show it, with all that is between them and the journal; gives its lines. */
async function storyOf(name: string, log: Log): Promise<{ story: Story; lines: readonly (string | undefined)[] }> {
  const { story } = await storyOfPod(join(folder, name), (appendRedacted) => {
    let redactor = createRedactor({ key: Buffer.alloc(32), enabled: true, managedFields: false });
    let written: FilePosition | undefined;
    const append = (record: JournalRecord) => {
      const kept = redactor.record(record);
      if (kept.kind === 'log') written = kept.position ?? written;
      appendRedacted(kept);
    };
    const opened = {
      kind: 'streamOpened',
      observed: TIME,
      stream: 0,
      instance: INSTANCE,
      route: 'node-files',
    } as const;
    append({ ...opened, attempt: 0, limited: false });
    const place = { file: '0.log', offset: 0, proof: NO_PROOF };
    let lines = new WholeLines();
    const write = (piece: RecordsPiece | undefined, { unterminated = false } = {}) => {
      if (piece === undefined) return;
      const { first = TIME, last = TIME, lines, contentBytes, file, offset, bytes, anew } = piece;
      const position = unterminated ? {} : { position: positionAfter({ ...piece, last }) };
      const block = { first, last, lines, contentBytes, file, offset, bytes, unterminated, ...position };
      append({ kind: 'log', observed: TIME, stream: 0, format: 'cri', ...block, ...(anew && { anew }) });
    };
    for (const part of log)
      if (part === 'lost') lines.drop();
      else if (part === 'ended') write(lines.takeUnended(place), { unterminated: true });
      else if (part === 'killed') {
        redactor = createRedactor({ key: Buffer.alloc(32), enabled: true, managedFields: false });
        lines = new WholeLines(written);
      } else {
        const bytes = Buffer.from(part);
        for (let at = 0; at < bytes.length; at += READ_BYTES)
          write(lines.take(place, Buffer.concat([lines.unended, bytes.subarray(at, at + READ_BYTES)])));
      }
    append({ kind: 'streamClosed', observed: TIME, stream: 0, boundTo: INSTANCE, repeatsRemoved: 0, reason: 'ended' });
    append({ kind: 'logEnd', observed: TIME, instance: INSTANCE, end: 'not proven', evidence: 'for a test' });
  });
  return { story, lines: story.timeline.flatMap((entry) => (entry.type === 'log' ? [entry.line] : [])) };
}

const SECRETS = 1300;
const LONG = 'password=hunter2hunter2 '.padEnd(1000, 'xyz ').repeat(SECRETS);
const WRITTEN = LONG.replaceAll('hunter2hunter2', '[redacted:named]');
const isWritten = (line: string | undefined) =>
  line?.replaceAll('[redacted:named][redacted:named]', '[redacted:named]') === WRITTEN;

test('what was taken out of a line that never ends is not counted, nor its bytes', async () => {
  const before = recordsOf('token=abc first') + recordsOf('other', { output: 'stderr' });
  const { story, lines } = await storyOf('never', [before + recordsOf(LONG, { isEnded: false })]);
  assert.deepEqual(lines, ['token=[redacted:named] first', 'other']);
  assert.deepEqual(story.containers[0]?.ledger.redactions, { named: 1 });
});

test('what was taken out of a long line is counted once it ends, also where the log ends with it', async () => {
  const open = recordsOf(LONG, { isEnded: false });
  for (const [name, log] of [
    ['ends', [open, recordsOf('')]],
    ['ends with the log', [open, 'ended']],
    ['ends with the log, and more of it', [open, recordsOf('', { isEnded: false }), 'ended']],
  ] as const) {
    const { story, lines } = await storyOf(name, log);
    assert.deepEqual(lines.map(isWritten), [true], name);
    assert.ok((story.containers[0]?.ledger.redactions?.named ?? 0) >= SECRETS, name);
  }
});

test('a long line that goes on for the next recorder counts as many bytes as are written of it', async () => {
  const { lines } = await storyOf('killed', [recordsOf(LONG, { isEnded: false }), 'killed', recordsOf(' end')]);
  assert.equal(lines.length, 1);
  assert.ok(lines[0]?.endsWith(' xyz  end'));
});

test('behind what went away unread no line goes on that was begun before', async () => {
  const log = [recordsOf(LONG, { isEnded: false }), 'lost', recordsOf('password=x1 rest') + recordsOf('next')];
  const { story, lines } = await storyOf('lost', log);
  assert.deepEqual(lines, ['password=[redacted:named] rest', 'next']);
  assert.deepEqual(story.containers[0]?.ledger.redactions, { named: 1 });
});
