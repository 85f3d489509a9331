import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TimelineEntry } from '../../../src/story/document.ts';
import { decodeReport } from '../../../src/view/html/data/decode.ts';
import { LogEncoder, type LogEntry } from '../../../src/view/html/data/encode.ts';
import { RAW, type ReportFacts } from '../../../src/view/html/data/report-data.ts';
import { LineQuota } from '../../../src/view/html/write/quota.ts';
import { holds } from '../../property.ts';
import { StoryMaker, timeAfter } from './story-maker.ts';

function factsOf(maker: StoryMaker): ReportFacts {
  const { timeline: _, apiVersion: _version, kind: _kind, ...rest } = maker.finish(1000);
  return { ...rest, entries: [], omitted: [] } as ReportFacts;
}

function roundTrip(lines: readonly LogEntry[]) {
  const encoder = new LogEncoder(timeAfter(0));
  for (const line of lines) encoder.add(line);
  return decodeReport(Buffer.concat([...encoder.finish(factsOf(new StoryMaker()))])).logs;
}

test('every log line comes back byte for byte, with its exact time, place and stream', () => {
  const line = fc.record({
    container: fc.nat(300),
    ms: fc.integer({ min: -1e12, max: 1e12 }),
    nanos: fc.nat(999_999),
    gap: fc.nat(3),
    stream: fc.constantFrom('stdout', 'stderr', 'unknown'),
    bytes: fc.uint8Array({ maxLength: 60 }),
  });
  holds(
    fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
      let seq = -1;
      const entries = lines.map(({ container, ms, nanos, gap, stream, bytes }): LogEntry => {
        seq += 1 + gap;
        const time = timeAfter(ms, nanos);
        const common = { seq, time, timeSource: 'log', observed: time, type: 'log', container, stream } as const;
        return { ...common, bytes: Buffer.from(bytes).toString('base64') };
      });
      const logs = roundTrip(entries);
      assert.equal(logs.count, lines.length);
      for (const [index, { container, ms, nanos, bytes }] of lines.entries()) {
        assert.equal(logs.seq[index], entries[index]?.seq);
        assert.equal(logs.container[index], container);
        assert.equal(logs.seconds[index], Math.max(-(2 ** 29), Math.min(Math.floor(ms / 1000), 2 ** 29)));
        assert.equal(logs.nanos[index], (((ms % 1000) + 1000) % 1000) * 1e6 + nanos);
        assert.equal((logs.flags[index] ?? 0) & RAW, RAW);
        const from = index === 0 ? 0 : logs.ends[index - 1];
        assert.deepEqual([...logs.text.subarray(from, logs.ends[index])], [...bytes]);
      }
    }),
  );
});

test('a report of limited size keeps the beginning and the end of each log, and counts what it leaves out', () => {
  const maker = new StoryMaker();
  const pod = maker.object('Pod', 'web-1');
  const [long, short] = [maker.container(pod, 'long'), maker.container(pod, 'short')];
  for (let index = 0; index < 1000; index += 1) maker.log(long, index, `line ${index}`);
  for (let index = 0; index < 10; index += 1) maker.log(short, index, `line ${index}`);
  const quota = new LineQuota(maker.containers, { lines: 101, bytes: 1e9 });
  const isLog = (entry: TimelineEntry): entry is LogEntry => entry.type === 'log';
  const kept = maker.timeline.filter(isLog).filter(({ container }) => quota.keeps(container));
  const numbers = kept.filter(({ container }) => container === long).map(({ line = '' }) => Number(line.slice(5)));
  assert.equal(numbers.length, 100);
  assert.deepEqual([numbers[0], numbers[24], numbers[25], numbers[99]], [0, 24, 925, 999]);
  assert.deepEqual(quota.omitted(), [
    { container: long, lines: 900 },
    { container: short, lines: 9 },
  ]);
});

test('a story within the limit is kept whole, whatever its ledger says', () => {
  const maker = new StoryMaker();
  maker.container(maker.object('Pod', 'web-1'), 'app');
  const quota = new LineQuota(maker.containers, { lines: 10, bytes: 1e9 });
  assert.deepEqual(
    Array.from({ length: 20 }, () => quota.keeps(0)),
    new Array(20).fill(true),
  );
  assert.deepEqual(quota.omitted(), []);
});

test('data that is cut short is refused', () => {
  const encoder = new LogEncoder(timeAfter(0));
  const whole = Buffer.concat([...encoder.finish(factsOf(new StoryMaker()))]);
  assert.throws(() => decodeReport(whole.subarray(0, whole.length - 1)));
  assert.throws(() => decodeReport(whole.subarray(0, 3)), RangeError);
});
