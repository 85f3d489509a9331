import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { before, test } from 'node:test';
import * as semconv from '@opentelemetry/semantic-conventions/incubating';
import { parse } from 'yaml';
import { z } from 'zod';
import { TEXT_FORMATS } from '../../src/convert/formats.ts';
import { writeKubectlDir } from '../../src/convert/kubectl-dir.ts';
import type { TimelineEntry } from '../../src/story/document.ts';
import { applyPatch } from '../../src/story/patch.ts';
import { openStory, type StoryHead } from '../../src/story/reader.ts';
import { lacks } from '../tools.ts';
import { converted, folder, hostileStory, rolloutStory, type Sample, sampleOf } from './stories.ts';

let rollout: Sample;
let hostile: Sample;
let samples: readonly Sample[];

before(async () => {
  rollout = await sampleOf(await rolloutStory());
  hostile = await sampleOf(hostileStory());
  samples = [rollout, hostile];
});

test('ndjson: each line is a record that can be understood alone', async () => {
  for (const sample of samples) {
    const { head, entries } = sample;
    const lines = (await converted(sample, 'ndjson')).trimEnd().split('\n');
    const records = lines.map(
      (line) => JSON.parse(line) as Record<string, { name?: string; uid?: string; lineage?: string }>,
    );
    assert.equal(records.length, entries.length + 1 + (head.verdict === undefined ? 0 : 1));
    for (const [index, entry] of entries.entries()) {
      const record = records[index + 1] ?? assert.fail();
      assert.equal(record.story, head.metadata.id);
      assert.equal(record.time, entry.time);
      if (entry.type !== 'log') continue;
      const container = head.containers[entry.container];
      const object = head.objects[container?.object ?? -1];
      assert.equal(record.container?.name, container?.name);
      assert.deepEqual([record.object?.uid, record.object?.lineage], [object?.uid, object?.lineage]);
      assert.deepEqual([record.line, record.bytes], [entry.line, entry.bytes]);
    }
  }
});

const READ_CSV =
  'import csv,json,sys; json.dump(list(csv.DictReader(open(sys.argv[1],newline="",encoding="utf-8"))),sys.stdout)';

test('csv: Python reads back every entry, exact but for what a spreadsheet would run', {
  skip: lacks('python3'),
}, async () => {
  for (const sample of samples) {
    const file = join(folder, 'story.csv');
    writeFileSync(file, await converted(sample, 'csv'));
    const output = execFileSync('python3', ['-c', READ_CSV, file], { maxBuffer: 2 ** 28 }).toString();
    const rows = JSON.parse(output) as Record<string, string>[];
    assert.equal(rows.length, sample.entries.length);
    for (const [index, entry] of sample.entries.entries()) {
      const row = rows[index] ?? assert.fail();
      assert.deepEqual([row.seq, row.time, row.type], [String(entry.seq), entry.time, entry.type]);
      if (entry.type === 'log')
        assert.equal(row.text?.replace(/^'/, ''), (entry.line ?? '').replaceAll('\0', '\ufffd'));
      if (entry.type === 'log') assert.equal(row.bytes, entry.bytes ?? '');
      assert.doesNotMatch(row.text ?? '', /^[=+\-@\t\r]/);
    }
  }
});

// The codec that OpenTelemetry generates from its own protocol definition.
const { opentelemetry } = createRequire(import.meta.url)(
  '../../node_modules/@opentelemetry/otlp-transformer/build/src/generated/root.js',
) as {
  opentelemetry: { proto: { collector: { logs: { v1: { ExportLogsServiceRequest: Codec } } } } };
};
interface Codec {
  verify(value: unknown): string | null;
  fromObject(value: unknown): unknown;
  toObject(message: unknown, options: object): unknown;
  encode(message: unknown): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
}
interface OtlpRequest {
  readonly resourceLogs: readonly {
    readonly resource: { readonly attributes: readonly { readonly key: string }[] };
    readonly scopeLogs: readonly {
      readonly logRecords: readonly {
        readonly timeUnixNano: string;
        readonly body: object;
        readonly attributes: readonly { readonly key: string }[];
      }[];
    }[];
  }[];
}

test('otlp: a request a line, unchanged on a way through OpenTelemetry’s own protobuf, its Kubernetes names known', async () => {
  const names: ReadonlySet<unknown> = new Set(Object.values(semconv).filter((value) => typeof value === 'string'));
  const codec = opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
  for (const sample of samples) {
    let records = 0;
    for (const line of (await converted(sample, 'otlp')).trimEnd().split('\n')) {
      const request = JSON.parse(line) as OtlpRequest;
      const message = codec.decode(codec.encode(codec.fromObject(request)).finish());
      assert.equal(codec.verify(message), null);
      assert.deepEqual(codec.toObject(message, { longs: String, enums: Number, bytes: String }), request);
      for (const { resource, scopeLogs } of request.resourceLogs) {
        const found = scopeLogs.flatMap(({ logRecords }) => logRecords);
        records += found.length;
        for (const { key } of [...resource.attributes, ...found.flatMap(({ attributes }) => attributes)])
          assert.ok(key.startsWith('faro.') || key.startsWith('k8s.event.') || names.has(key), key);
      }
    }
    assert.equal(records, sample.entries.length);
  }
  const [first] = JSON.parse((await converted(hostile, 'otlp')).split('\n')[0] ?? '')
    .resourceLogs as OtlpRequest['resourceLogs'];
  assert.equal(first?.scopeLogs[0]?.logRecords[0]?.timeUnixNano, '1795435200000000000');
});

const place = { pid: z.int().nonnegative(), tid: z.int().nonnegative() };
const ts = z.number().nonnegative();
const args = z.record(z.string(), z.unknown());
/** Chrome's trace event format, as far as a story uses it. */
const traceEvent = z.discriminatedUnion('ph', [
  z.strictObject({
    ph: z.literal('M'),
    name: z.enum(['process_name', 'process_sort_index', 'thread_name']),
    ...place,
    args,
  }),
  z.strictObject({ ph: z.literal('X'), name: z.string(), cat: z.string(), ts, dur: ts, ...place, args }),
  z.strictObject({
    ph: z.literal('i'),
    name: z.string(),
    cat: z.string(),
    s: z.enum(['g', 'p', 't']),
    ts,
    ...place,
    args,
  }),
  z.strictObject({ ph: z.literal('b'), name: z.string(), cat: z.string(), id: z.string(), ts, ...place, args }),
  z.strictObject({ ph: z.literal('e'), name: z.string(), cat: z.string(), id: z.string(), ts, ...place }),
  z.strictObject({ ph: z.literal('C'), name: z.string(), pid: place.pid, ts, args: z.record(z.string(), z.number()) }),
]);

test('perfetto: trace events that keep to the format, a span for each run, every line counted', async () => {
  for (const sample of samples) {
    const trace = z
      .strictObject({ displayTimeUnit: z.literal('ms'), otherData: args, traceEvents: z.array(traceEvent) })
      .parse(JSON.parse(await converted(sample, 'perfetto')));
    const of = (ph: string) => trace.traceEvents.filter((event) => event.ph === ph);
    const { objects, containers, gaps } = sample.head;
    assert.equal(
      of('X').length,
      objects.length + containers.filter(({ startedTime }) => startedTime !== undefined).length,
    );
    assert.equal(of('i').length, sample.entries.filter(({ type }) => type !== 'log').length);
    assert.deepEqual([of('b').length, of('e').length], [gaps.length, gaps.length]);
    const lines = of('C').reduce((sum, event) => sum + (event.ph === 'C' ? (event.args.lines ?? 0) : 0), 0);
    assert.equal(lines, sample.entries.filter(({ type }) => type === 'log').length);
    const named = new Set(of('M').map(({ pid }) => pid));
    for (const event of trace.traceEvents) assert.ok(event.pid === 0 || named.has(event.pid));
  }
});

test('kubectl-dir: the last state of every object, and every line of every run', async () => {
  for (const sample of samples) {
    const { file, head, entries } = sample;
    const target = join(folder, `dump-${samples.indexOf(sample)}`);
    await using story = await openStory(file);
    await writeKubectlDir(story, target);
    const items = yamlFiles(target).flatMap(
      (path) => (parse(readFileSync(path, 'utf8')) as { items: { kind: string; metadata: { uid: string } }[] }).items,
    );
    const found = new Map(items.filter(({ kind }) => kind !== 'Event').map((item) => [item.metadata.uid, item]));
    assert.deepEqual(found, lastStates(head, entries));
    for (const [index, { object, name, restart, ledger }] of head.containers.entries()) {
      if (ledger.lines === 0) continue;
      const pod = head.objects[object];
      const log = readFileSync(join(target, pod?.namespace ?? '', pod?.name ?? '', `${name}.${restart}.log`));
      const expected = entries.flatMap((entry) =>
        entry.type === 'log' && entry.container === index
          ? [
              entry.line === undefined ? Buffer.from(entry.bytes ?? '', 'base64') : Buffer.from(entry.line),
              Buffer.from('\n'),
            ]
          : [],
      );
      assert.deepEqual(log, Buffer.concat(expected));
    }
  }
});

function yamlFiles(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(path, name));
}

function lastStates({ objects }: StoryHead, entries: readonly TimelineEntry[]): Map<string, unknown> {
  const states = new Map<string, unknown>();
  for (const entry of entries) {
    if (entry.type !== 'object') continue;
    const uid = objects[entry.object]?.uid ?? '';
    states.set(uid, entry.patch === undefined ? entry.state : applyPatch(states.get(uid), entry.patch));
  }
  return states;
}

test('kubectl-dir: names of a story never lead out of the folder, and a folder that is there stays as it is', async () => {
  const text = readFileSync(hostile.file, 'utf8')
    .replaceAll('"shop"', '"../../escaped"')
    .replaceAll('"name":"web"', '"name":"../x"');
  const file = join(folder, 'escaping.json');
  writeFileSync(file, text);
  await using story = await openStory(file);
  const target = join(folder, 'inside');
  await writeKubectlDir(story, target);
  assert.deepEqual(
    readdirSync(folder).filter((name) => /escaped/.test(name)),
    [],
  );
  assert.ok(readdirSync(target).every((name) => !name.startsWith('.')));
  await assert.rejects(writeKubectlDir(story, target), /inside exists already, and is not empty/);
  assert.ok(existsSync(target));
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.tmp')),
    [],
  );
});

const kubectl = process.env.FARO_TEST_KUBECTL;
test('kubectl-dir: kubectl itself reads the files', { skip: kubectl === undefined && 'no real cluster' }, async () => {
  const target = join(folder, 'for-kubectl');
  await using story = await openStory(rollout.file);
  await writeKubectlDir(story, target);
  for (const path of yamlFiles(target)) {
    const output = execFileSync(kubectl ?? '', [
      '--kubeconfig',
      process.env.FARO_TEST_KUBECONFIG ?? '',
      'create',
      '--dry-run=client',
      '--validate=ignore',
      '-o',
      'name',
      '-f',
      path,
    ]).toString();
    assert.equal(
      output.trim().split('\n').length,
      (parse(readFileSync(path, 'utf8')) as { items: unknown[] }).items.length,
      path,
    );
  }
});

test('every text format has a converter', async () => {
  for (const format of TEXT_FORMATS) assert.ok((await converted(hostile, format)).length > 0);
});
