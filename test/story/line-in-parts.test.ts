import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/cli/context.ts';
import { OpenLog } from '../../src/logs/open-log.ts';
import { LogCursor } from '../../src/logs/position.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import { createRedactor } from '../../src/redact/redactor.ts';
import type { Story } from '../../src/story/document.ts';
import { temporaryFolder } from '../folder.ts';
import { INSTANCE, storyOfPod, TIME } from './one-pod.ts';

const folder = temporaryFolder('parts');

const MIB = 1024 * 1024;

/** Records what two streams of the pod log API showed of one log, the first of which was cut off; makes the story of it. */
async function storyOf(
  name: string,
  log: Buffer,
  { cutAt, chunk }: { readonly cutAt: number; readonly chunk: number },
): Promise<{ story: Story; text: string }> {
  const redactor = createRedactor({ key: Buffer.alloc(32), enabled: true, managedFields: false });
  return await storyOfPod(join(folder, name), (appendRedacted) => {
    const append = (record: JournalRecord) => appendRedacted(redactor.record(record));
    const cursor = new LogCursor();
    for (const [stream, end] of [cutAt, log.length].entries()) {
      const open = new OpenLog({
        ...{ instance: INSTANCE, stream, attempt: stream, limited: false, cursor, matcher: cursor.resume()?.matcher },
        ...{ sink: { append, drained: async () => undefined }, clock: systemClock, isOwn: () => true },
        ...{ stop: () => undefined, proof: { take: () => undefined } },
      });
      for (let at = 0; at < end; at += chunk) open.push(log.subarray(at, Math.min(end, at + chunk)));
      open.close();
      const repeatsRemoved = open.repeatsRemoved;
      append({ kind: 'streamClosed', observed: TIME, stream, boundTo: INSTANCE, repeatsRemoved, reason: 'ended' });
    }
    append({ kind: 'logEnd', observed: TIME, instance: INSTANCE, end: 'proven', evidence: 'read to its end' });
  });
}

test('of a line in parts no credential is left wherever it was cut, and what was cut off is not counted', async () => {
  const content = 'password=hunter2hunter2 \u00fc\r'.repeat(100_000);
  const log = Buffer.from(`${TIME} first\n${TIME.replace('.1', '.2')} ${content}\n${TIME.replace('.1', '.3')} last\n`);
  const { story, text } = await storyOf('secrets', log, { cutAt: 2 * MIB, chunk: 50_000 });
  assert.ok(!text.includes('hunter2'), `${text.indexOf('hunter2')}`);
  const lines = story.timeline.flatMap((entry) => (entry.type === 'log' ? [entry.line] : []));
  assert.deepEqual([lines.length, lines[0], lines[2]], [3, 'first', 'last']);
  const parts = lines[1]?.split(' \u00fc\r') ?? [];
  assert.equal(parts.length, 100_001);
  for (const part of parts.slice(0, -1)) assert.match(part, /^password=(?:\[redacted:named\]){1,2}$/);
  const { ledger } = story.containers[0] ?? {};
  assert.equal(ledger?.lines, 3);
});

test('a line in parts that is not UTF-8 in its beginning alone keeps its bytes', async () => {
  const content = Buffer.alloc(MIB - 10, 'plain text; ');
  content[5] = 0xff;
  const log = Buffer.concat([Buffer.from(`${TIME} `), content, Buffer.from('\n')]);
  const { story } = await storyOf('bytes', log, { cutAt: 1000, chunk: log.length - 1 });
  const [entry] = story.timeline.filter(({ type }) => type === 'log');
  assert.ok(entry?.type === 'log');
  assert.equal(entry.bytes, content.toString('base64'));
});
