import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/cli/context.ts';
import { keepHeapSmall } from '../src/cli/small-heap.ts';
import { JournalWriter } from '../src/journal/writer.ts';
import type { JournalRecord } from '../src/model/record.ts';
import { type Timestamp, timestampOf } from '../src/model/time.ts';
import { writeStory } from '../src/story/file.ts';
import { WEB } from '../test/record/root.ts';
import { residentMiBOf } from './peers/measured.ts';

/**
 * How fast a story is made of a journal, and in how much memory: `node bench/assemble.ts [--lines 10000000]
 * [--containers 5000] [--changes 50000] [--output .json.zst]`. Every container writes from the beginning to the end, so that
 * all logs are merged at once: the worst case.
 */
const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '10000000' },
    containers: { type: 'string', default: '5000' },
    changes: { type: 'string', default: '50000' },
    extension: { type: 'string', default: '.json' },
    /** A journal that is there; else one is written first, by a process of its own. */
    journal: { type: 'string' },
    write: { type: 'string' },
  },
});
const [lines, containers, changes] = [Number(values.lines), Number(values.containers), Number(values.changes)];
const START = Date.UTC(2026, 10, 25, 12);
const SPAN_MS = 600_000;
const LINES_A_BLOCK = Math.min(500, Math.ceil(lines / containers));
const PADDING = 'x'.repeat(50);
if (values.write !== undefined) {
  await writeJournal(values.write);
  process.exit();
}
const folder = mkdtempSync(join(tmpdir(), 'faro-assemble-'));
const journal = values.journal ?? join(folder, 'journal');
if (values.journal === undefined)
  spawnSync(process.execPath, [...process.argv.slice(1), '--write', journal], { stdio: 'inherit' });
const output = join(folder, `story${values.extension}`);
// As the command does.
using _small = keepHeapSmall();
const startedAt = performance.now();
const startCpu = process.cpuUsage();
let peak = 0;
const sampler = setInterval(() => {
  peak = Math.max(peak, residentMiBOf(process.pid));
}, 50);
const { counts } = await writeStory({ journal, output, force: true });
clearInterval(sampler);
const seconds = (performance.now() - startedAt) / 1000;
const cpu = process.cpuUsage(startCpu);
process.stdout.write(
  `${counts.logLines} lines of ${counts.containers} containers, ${counts.entries - counts.logLines} other entries: ` +
    `${seconds.toFixed(1)} s, CPU ${((cpu.user + cpu.system) / 1e6).toFixed(1)} s, ` +
    `${Math.round(counts.logLines / seconds)} lines/s, ${Math.round(statSync(output).size / 2 ** 20)} MiB, ` +
    `peak while it was made ${Math.round(peak)} MiB\n`,
);
rmSync(folder, { recursive: true, force: true });

/** As a recorder writes it: states of the pods, then blocks of lines as they come, a block of each log in turn. */
async function writeJournal(dir: string): Promise<void> {
  await using writer = await JournalWriter.create(dir, { clock: systemClock });
  const signal = new AbortController().signal;
  const cluster = { version: 'v1.37.2', uid: null, server: 'https://127.0.0.1' };
  const id = '01a20d89-78c0-76e0-a13b-e013a596b798';
  writer.append({ kind: 'start', id, generator: 'faro bench', time: at(0), cluster, roots: [WEB], options: {} });
  writer.append(state('deployments', deployment(), 0, 'found'));
  for (let index = 0; index < containers; index += 1) writer.append(state('pods', pod(index, 0), 1, 'found'));
  for (let index = 0; index < containers; index += 1) {
    const instance = instanceOf(index);
    const opened = {
      kind: 'streamOpened',
      stream: index,
      instance,
      route: 'stream',
      attempt: 0,
      limited: false,
    } as const;
    writer.append({ ...opened, observed: at(2) });
  }
  const blocks = Math.max(1, Math.round(lines / containers / LINES_A_BLOCK));
  const changesABlock = changes / blocks;
  let change = 0;
  for (let block = 0; block < blocks; block += 1) {
    for (; change < changesABlock * (block + 1); change += 1)
      writer.append(state('pods', pod(change % containers, change + 1), timeOf(block, blocks, 0), 'changed'));
    for (let index = 0; index < containers; index += 1) writer.append(blockOf(index, block, blocks));
    await writer.drained(signal);
  }
  for (let index = 0; index < containers; index += 1) {
    const instance = instanceOf(index);
    const closed = {
      kind: 'streamClosed',
      stream: index,
      boundTo: instance,
      repeatsRemoved: 0,
      reason: 'ended',
    } as const;
    writer.append({ ...closed, observed: at(SPAN_MS) });
    writer.append({ kind: 'logEnd', observed: at(SPAN_MS), instance, end: 'proven', evidence: 'read to its end' });
  }
  writer.append({ kind: 'end', time: at(SPAN_MS), ended: 'for' });
}

function at(ms: number): Timestamp {
  return timestampOf(START + ms);
}

function timeOf(block: number, blocks: number, line: number): number {
  return 10 + ((block + line / LINES_A_BLOCK) / blocks) * (SPAN_MS - 20);
}

function blockOf(index: number, block: number, blocks: number): JournalRecord {
  const times = Array.from({ length: LINES_A_BLOCK }, (_, line) => at(timeOf(block, blocks, line) + index / 1e4));
  const text = times.map((time, line) => `${time} GET /cart/${index}/${block * LINES_A_BLOCK + line} 200 ${PADDING}\n`);
  const bytes = Buffer.from(text.join(''));
  const [first = at(0), last = at(0)] = [times[0], times.at(-1)];
  const size = { lines: LINES_A_BLOCK, contentBytes: bytes.length - LINES_A_BLOCK * 32, first, last };
  const origin = { file: null, offset: 0, unterminated: false, format: 'timestamped' } as const;
  return { kind: 'log', observed: last, stream: index, ...size, ...origin, bytes };
}

function instanceOf(index: number) {
  return { podUid: `pod-${index}`, namespace: 'shop', pod: `web-${index}`, container: 'app', restart: 0 };
}

function state(
  resource: string,
  object: { apiVersion: string; kind: string; metadata: { name: string; uid: string; resourceVersion: string } },
  ms: number,
  action: 'found' | 'changed',
): JournalRecord {
  return { kind: 'object', observed: at(ms), action, resource, object, redactions: 0 };
}

function deployment() {
  const metadata = { name: 'web', namespace: 'shop', uid: 'web', resourceVersion: '1' };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas: containers } };
}

function pod(index: number, revision: number) {
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'web', controller: true }];
  const metadata = {
    name: `web-${index}`,
    namespace: 'shop',
    uid: `pod-${index}`,
    resourceVersion: String(revision + 2),
    ownerReferences,
  };
  const variables = Array.from({ length: 20 }, (_, number) => ({
    name: `SETTING_${number}`,
    value: `value ${number}`,
  }));
  const startedAt = at(2).replace(/\.\d+Z/, 'Z');
  const containerStatuses = [
    { name: 'app', restartCount: 0, containerID: `containerd://${index}`, state: { running: { startedAt } } },
  ];
  const status = { phase: 'Running', message: `revision ${revision}`, containerStatuses };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { containers: [{ name: 'app', image: 'web:1', env: variables }] },
    status,
  };
}
