import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { systemClock } from '../../src/cli/context.ts';
import { JournalWriter } from '../../src/journal/writer.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import type { Timestamp } from '../../src/model/time.ts';
import type { Story } from '../../src/story/document.ts';
import { writeStory } from '../../src/story/file.ts';
import { verifyStory } from '../../src/verify/verify.ts';

export const TIME = '2026-11-23T12:00:05.100000000Z' as Timestamp;
/** The only run of its only container. */
export const INSTANCE = { podUid: 'web', namespace: 'shop', pod: 'web', container: 'app', restart: 0 };

/** What the journal of a capture of one pod begins with; `state` is that of its container, left out: it has no status. */
export function* beginning(state?: object): Generator<JournalRecord> {
  const root = { group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespace: 'shop', name: 'web' };
  const cluster = { version: 'v1', uid: null, server: 'https://x' };
  const id = '01a20d89-78c0-76e0-a13b-e013a596b798';
  yield { kind: 'start', id, generator: 'faro test', time: TIME, cluster, roots: [root], options: {} };
  const metadata = { name: 'web', namespace: 'shop', uid: 'web', resourceVersion: '1' };
  const containerStatuses = [{ name: 'app', restartCount: 0, containerID: 'c', state }];
  const status = state === undefined ? {} : { status: { containerStatuses } };
  const object = { apiVersion: 'v1', kind: 'Pod', metadata, ...status };
  yield { kind: 'object', observed: TIME, action: 'found', resource: 'pods', object, redactions: 0 };
}

/** The story of a running pod of whose log `write` appends what is recorded; it is sound. */
export async function storyOfPod(
  journal: string,
  write: (append: (record: JournalRecord) => void) => void,
): Promise<{ readonly story: Story; readonly text: string }> {
  {
    await using writer = await JournalWriter.create(journal, { clock: systemClock });
    const append = (record: JournalRecord) => writer.append(record);
    for (const record of beginning({ running: {} })) append(record);
    write(append);
    append({ kind: 'end', time: TIME, ended: 'for' });
  }
  const output = `${journal}.json`;
  await writeStory({ journal, output, force: false });
  const text = readFileSync(output, 'latin1');
  assert.deepEqual((await verifyStory(output)).problems, [], journal);
  return { story: JSON.parse(readFileSync(output, 'utf8')) as Story, text };
}
