import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandContext } from '../../src/cli/context.ts';
import { startProgress } from '../../src/cli/progress.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import type { Log } from '../../src/telemetry/log.ts';

const time = '2026-11-23T12:00:00.000000000Z';
const instance = { podUid: 'u', namespace: 'shop', pod: 'web', container: 'app', restart: 0 };

test('without a terminal log lines are passed over: none is shown, and no memory held for them', async () => {
  const written: string[] = [];
  const errors: unknown[] = [];
  const context = {
    env: {},
    stderr: { write: (text: string) => written.push(text) },
    terminal: undefined,
  } as unknown as CommandContext;
  const log = { error: (about: unknown) => errors.push(about) } as unknown as Log;
  const counts = () => ({ objects: 0, events: 0, logLines: 0, openLogs: 0, gaps: 0 });
  await using progress = startProgress({ mode: 'auto', roots: [], context, log, counts });
  const opened = { kind: 'streamOpened', stream: 1, instance, route: 'node-files', attempt: 1, observed: time };
  progress.take(opened as JournalRecord);
  let looks = 0;
  const lines = {
    kind: 'log',
    stream: 1,
    lines: 1,
    get bytes() {
      looks += 1;
      return Buffer.from(`${time} stdout F x\n`);
    },
  };
  progress.take(lines as unknown as JournalRecord);
  progress.take({ kind: 'note', observed: time, text: 'it goes on' } as JournalRecord);
  assert.deepEqual([looks, errors], [0, []]);
  assert.match(written.join(''), /it goes on/);
});
