import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/cli/context.ts';
import { prepareShop } from '../../src/demo/scenario.ts';
import { JournalReader } from '../../src/journal/reader.ts';
import { JournalWriter, type JournalWriterOptions } from '../../src/journal/writer.ts';
import type { JournalRecord } from '../../src/model/record.ts';
import { FaultyDisk } from '../journal/faulty-disk.ts';
import { type Recording, recordedLines, startRecording, trueLines, until } from './harness.ts';

const DIR = '/story.json.journal';

/** A recording of the simulated cluster to a journal on a disk that fails. */
interface Recorded extends AsyncDisposable {
  readonly recording: Recording;
  readonly disk: FaultyDisk;
  readonly journal: JournalWriter;
  readonly said: string[];
  /** Ends it, and gives what the journal holds. */
  end(): Promise<JournalRecord[]>;
}

/** `drainMs`: how long logs are waited for at the end, where the disk takes none any more. */
type RecordedOptions = Partial<JournalWriterOptions> & { readonly drainMs?: number };

async function record({ drainMs, ...options }: RecordedOptions = {}): Promise<Recorded> {
  const disk = new FaultyDisk();
  const said: string[] = [];
  const log = { warn: (_: object, message: string) => void said.push(message) };
  const how = { syncIntervalMs: 10, retryMs: 10, reserveBytes: 100_000, log };
  const journal = await JournalWriter.create(DIR, { clock: systemClock, fs: disk, ...how, ...options });
  const empty = disk.used;
  const recording = await startRecording({
    prepare: prepareShop,
    options: {
      sink: journal,
      logs: { maxStreams: 50, route: 'stream' },
      ...(drainMs === undefined ? {} : { drainMs }),
    },
  });
  const end = async () => {
    await recording.end();
    await journal.close();
    return await recordsOn(disk);
  };
  await until('lines are written', () => disk.used > empty + 25_000);
  return { recording, disk, journal, said, end, [Symbol.asyncDispose]: () => recording[Symbol.asyncDispose]() };
}

test('what a recording began with is on the disk when it is said to record', async () => {
  const disk = new FaultyDisk();
  const how = { clock: systemClock, fs: disk, syncIntervalMs: 3_600_000, reserveBytes: 8 };
  await using journal = await JournalWriter.create(DIR, how);
  await using _recording = await startRecording({ prepare: prepareShop, options: { sink: journal } });
  const records = await recordsOn(disk.afterPowerCut());
  assert.equal(records[0]?.kind, 'start');
  assert.ok(records.some((record) => record.kind === 'object' && record.object.kind === 'Deployment'));
});

async function recordsOn(disk: FaultyDisk): Promise<JournalRecord[]> {
  await using reader = await JournalReader.open(DIR, { fs: disk });
  const records: JournalRecord[] = [];
  for await (const { record, position } of reader.records())
    records.push(record.kind === 'log' ? await reader.readLog(position) : record);
  assert.deepEqual(reader.damage, []);
  return records;
}

function gapsIn(records: readonly JournalRecord[]) {
  return records.flatMap((record) => (record.kind === 'gap' ? [record.gap] : []));
}

/** Every recorded line is a true one, in order and from the first on; gives how many are missing of each run, by its key. */
function missingLines({ recording }: Recorded, records: readonly JournalRecord[]): Map<string, number> {
  const missing = new Map<string, number>();
  for (const [key, lines] of recordedLines(records)) {
    const [uid = '', container = ''] = key.split('/');
    const truth = trueLines(recording.cluster, uid, container);
    assert.deepEqual(lines, truth.slice(0, lines.length), key);
    missing.set(key, truth.length - lines.length);
  }
  return missing;
}

function longest(recorded: Recorded): number {
  const { cluster } = recorded.recording;
  const pods = cluster.store.list(cluster.type('pods'), 'shop');
  return Math.max(...pods.map(({ metadata }) => trueLines(cluster, metadata.uid, 'web').length));
}

async function someTime(recorded: Recorded): Promise<void> {
  const now = longest(recorded);
  await until('the containers wrote some lines', () => longest(recorded) > now + 15);
}

const TROUBLES: readonly { readonly what: string; readonly set: (disk: FaultyDisk, isBad: boolean) => void }[] = [
  {
    what: 'is full',
    set(disk, isBad) {
      disk.capacity = isBad ? disk.used + 300 : Number.POSITIVE_INFINITY;
    },
  },
  {
    what: 'is read-only',
    set(disk, isBad) {
      disk.isReadOnly = isBad;
    },
  },
  {
    what: 'is over quota',
    set(disk, isBad) {
      disk.fault = ({ call }) => (isBad && call === 'append' ? { code: 'EDQUOT', bytes: 5 } : undefined);
    },
  },
  {
    what: 'does not sync',
    set(disk, isBad) {
      disk.fault = ({ call }) => (isBad && call === 'sync' ? { code: 'EIO' } : undefined);
    },
  },
];

for (const { what, set } of TROUBLES)
  test(`a disk that ${what} for a while costs nothing: logs wait, and all comes in the end, once`, async () => {
    await using recorded = await record();
    const { disk, said, journal } = recorded;
    set(disk, true);
    await until('it is noticed', () => journal.hold?.cause === 'disk-full');
    await someTime(recorded);
    set(disk, false);
    await until('it is over', () => journal.hold === undefined);
    await someTime(recorded);
    const records = await recorded.end();
    assert.ok(said[0]?.includes('logs are held back') && said[1]?.includes('is written again'), said.join('; '));
    missingLines(recorded, records);
    assert.deepEqual(gapsIn(records), []);
    assert.ok(records.some((record) => record.kind === 'note' && record.text.includes('could not be written for')));
    for (const record of records) if (record.kind === 'logEnd') assert.equal(record.end, 'proven');
    assert.deepEqual(recordedLines(await recordsOn(disk.afterPowerCut())), recordedLines(records));
  });

test('a disk that stays full ends the recording, whose end goes to the room that was reserved, with a gap for each log', async () => {
  await using recorded = await record({ waitMs: 200, drainMs: 1000 });
  const { disk, journal, recording } = recorded;
  disk.capacity = disk.used + 100;
  await until('it is given up', () => journal.ending.aborted);
  assert.equal(journal.ending.reason, 'disk-full');
  await someTime(recorded);
  const records = await recorded.end();
  assert.equal(records.at(-1)?.kind, 'end');
  const missing = missingLines(recorded, records);
  assert.ok([...missing.values()].some((lines) => lines > 0));
  const gaps = gapsIn(records);
  for (const [key, lines] of missing) {
    if (lines === 0) continue;
    const [uid, container] = key.split('/');
    const gap = gaps.find(
      ({ of }) => 'container' in of && of.container.podUid === uid && of.container.container === container,
    );
    assert.equal(gap?.cause, 'disk-full', key);
  }
  assert.ok(disk.used <= disk.capacity);
  assert.equal((await recording.result).ended, 'interrupted');
});

test('a journal that cannot even be ended says so; what was synced is a journal', async () => {
  await using recorded = await record({ waitMs: 50, drainMs: 1000 });
  const { disk, journal, recording } = recorded;
  disk.isReadOnly = true;
  await until('it is given up', () => journal.ending.aborted);
  await recording.end();
  await assert.rejects(journal.close(), /cannot be written: EROFS/);
  missingLines(recorded, await recordsOn(disk));
});

test('on a full disk, of an object that changes often only the newest state is kept in memory, and a gap for the others', async () => {
  await using recorded = await record({ heldBytes: 2000, highWaterBytes: 1000 });
  const { disk, journal, recording } = recorded;
  disk.capacity = disk.used;
  await until('it is noticed', () => journal.hold !== undefined);
  for (let turn = 0; turn < 50; turn += 1) {
    recording.cluster.change('deployments.apps', 'shop', 'web', (web) => ({
      ...web,
      metadata: { ...web.metadata, annotations: { turn: `${turn}` } },
    }));
    await systemClock.sleep(1);
  }
  await until('the last one was seen', () => journal.bufferedBytes > 2000);
  await someTime(recorded);
  assert.ok(journal.bufferedBytes < 200_000, `${journal.bufferedBytes} bytes in memory`);
  disk.capacity = Number.POSITIVE_INFINITY;
  await until('it is over', () => journal.hold === undefined);
  const records = await recorded.end();
  const turns = records.flatMap((record) =>
    record.kind === 'object' && record.resource === 'deployments'
      ? (record.object.metadata.annotations?.turn ?? [])
      : [],
  );
  assert.equal(turns.at(-1), '49');
  assert.ok(turns.length < 50, `${turns.length} states`);
  const gap = gapsIn(records).find(({ of }) => 'resource' in of && of.resource === 'deployments.apps');
  assert.equal(gap?.cause, 'disk-full');
  assert.match(gap?.evidence ?? '', /states were not kept/);
  missingLines(recorded, records);
});

test('a journal of limited size stops taking lines of busy logs first; states go on, and each of these logs ends with a gap', async () => {
  const maxBytes = 90_000;
  await using recorded = await record({ reserveBytes: 20_000, maxBytes });
  const { disk, journal, recording, said } = recorded;
  await until('log lines give way', () => said.length > 0);
  recording.cluster.change('deployments.apps', 'shop', 'web', (web) => ({
    ...web,
    metadata: { ...web.metadata, annotations: { late: 'yes' } },
  }));
  await someTime(recorded);
  const records = await recorded.end();
  assert.match(said.join('; '), /^the journal comes to its greatest size: the busiest logs/);
  assert.equal(journal.hold, undefined);
  assert.match(JSON.stringify(records), /"late":"yes"/);
  const missing = missingLines(recorded, records);
  assert.ok([...missing.values()].some((lines) => lines > 0));
  for (const [key, lines] of missing) {
    if (lines === 0) continue;
    const gaps = gapsIn(records).filter(({ of }) => 'container' in of && key.startsWith(of.container.podUid));
    assert.ok(gaps.length > 0 && gaps.every(({ cause }) => cause === 'journal-full'), key);
  }
  assert.ok(disk.used <= maxBytes, `${disk.used} bytes`);
});
