import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ByteStream } from '../../src/kube/client.ts';
import { FirstLines } from '../../src/logs/binding.ts';
import { InstanceLife } from '../../src/logs/life.ts';
import { OpenStreams } from '../../src/logs/open-streams.ts';
import type { LogSink } from '../../src/logs/sink.ts';
import { StreamFollower } from '../../src/logs/stream-follower.ts';
import type { ContainerInstance } from '../../src/model/instance.ts';
import { Slots } from '../../src/model/slots.ts';
import type { Timestamp } from '../../src/model/time.ts';
import { ManualClock } from '../kube/auth/manual-clock.ts';

const instance: ContainerInstance = { podUid: 'p', namespace: 'shop', pod: 'web', container: 'app', restart: 0 };
const SECOND = '2026-11-25T12:00:05.000000000Z' as Timestamp;
const LINE = '2026-11-25T12:00:05.100000000Z hello\n';
const COMPLAINT = 'failed to try resolving symlinks in path "/var/log/pods/x/app/0.log": no such file or directory\n';

type LogRecord = Parameters<LogSink['append']>[0];

/** Follows the log of a container that has ended; each request is answered with the next body, the last again and again. */
async function followed(
  bodies: readonly (string | readonly string[])[],
  { startedAt = SECOND, isPrevious = false } = {},
) {
  const records: LogRecord[] = [];
  const open = new OpenStreams();
  let requests = 0;
  const client = {
    async logs(): Promise<ByteStream> {
      const body = bodies[Math.min(requests++, bodies.length - 1)] ?? '';
      async function* bytes() {
        for (const chunk of [body].flat()) {
          yield Buffer.from(chunk);
          open.flush();
        }
      }
      return Object.assign(bytes(), { [Symbol.asyncDispose]: async () => undefined }) as ByteStream;
    },
  };
  const life = new InstanceLife(instance, { state: 'terminated', startedAt, finishedAt: SECOND });
  if (isPrevious) life.update(undefined, instance.restart + 1);
  const follower = new StreamFollower({
    life,
    client,
    sink: { append: (record) => void records.push(record), drained: async () => undefined },
    clock: new ManualClock(),
    slots: new Slots(1),
    limits: {},
    firstLines: new FirstLines(),
    nextStream: () => requests,
    open,
    rotatesAt: () => 10 * 1024 * 1024,
  });
  const end = await follower.run(new AbortController().signal);
  const gaps = records.flatMap((record) => (record.kind === 'gap' ? [record.gap] : []));
  const text = records.map((record) => (record.kind === 'log' ? String(record.bytes) : '')).join('');
  return { end, gaps, requests, text, lines: records.filter(({ kind }) => kind === 'log').length };
}

test('a log that was read to its end after the container had ended is proven', async () => {
  const { end, gaps, lines } = await followed([LINE]);
  assert.deepEqual([end.end, gaps, lines], ['proven', [], 1]);
});

test('a stream in which the kubelet says that it could not read the file proves nothing, and is tried again', async () => {
  const { end, gaps, requests, lines } = await followed([COMPLAINT, LINE]);
  assert.deepEqual([end.end, gaps, lines, requests], ['proven', [], 1, 4]); // once more, and a look at the file's beginning
});

test('a log file that stays gone is a stated gap', async () => {
  const { end, gaps } = await followed([COMPLAINT]);
  assert.equal(end.end, 'not proven');
  assert.deepEqual(
    gaps.map(({ cause, certainty }) => [cause, certainty]),
    [['instance-gone', 'known']],
  );
  assert.match(gaps[0]?.evidence ?? '', /the kubelet said: failed to try resolving symlinks/);
});

test('a log that was first read long after its container had started may have lost files before', async () => {
  const startedAt = '2026-11-25T11:00:00.000000000Z' as Timestamp;
  const { end, gaps } = await followed([LINE], { startedAt });
  assert.equal(end.end, 'not proven');
  assert.deepEqual(
    gaps.map(({ cause, certainty, from, to }) => [cause, certainty, from, to]),
    [['rotation', 'suspected', startedAt, LINE.slice(0, 30)]],
  );
});

test('an empty log of the instance before is not called its own: a newer one may have been shown', async () => {
  const { end, gaps } = await followed([''], { isPrevious: true });
  assert.equal(end.end, 'not proven');
  assert.equal(gaps.length, 1);
  assert.equal((await followed([LINE], { isPrevious: true })).end.end, 'proven');
});

test('a stream that shows its file again from the beginning is opened anew, and nothing is written twice', async () => {
  const old = LINE.replace(':05.', ':02.');
  const { end, gaps, text } = await followed([old + LINE, LINE, old + LINE]);
  assert.equal(text, old + LINE);
  assert.deepEqual([end.end, gaps.length], ['proven', 0]);
  const again = await followed([[old + LINE, old + LINE], LINE, LINE, old + LINE]);
  assert.equal(again.text, old + LINE);
  assert.deepEqual([again.end.end, again.gaps.map(({ cause }) => cause)], ['not proven', ['reconnect']]);
});

test('a stream that was cut off on its way, as if it had ended, is not taken for the whole log', async () => {
  const next = LINE.replace('.1', '.2').replace('hello', 'world');
  const { end, gaps, text } = await followed([LINE + next.slice(0, 33), LINE + next, LINE + next, LINE]);
  assert.equal(text, LINE + next);
  assert.deepEqual([end.end, gaps.length], ['proven', 0]);
});

test('a last line without an end is whole where two streams show it so', async () => {
  const { end, text } = await followed([`${LINE}${LINE.trimEnd()} again`, `${LINE}${LINE.trimEnd()} again`, LINE]);
  assert.equal(text, `${LINE}${LINE.trimEnd()} again\n`);
  assert.equal(end.end, 'proven');
});

test('where more came again than is known, and the newest lines did not, the gap begins with what came', async () => {
  const at = (fraction: number, text: string) =>
    `2026-11-25T12:00:05.${String(fraction).padStart(9, '0')}Z ${text}${'x'.repeat(1000)}\n`;
  const lines = (count: number, text: string) =>
    Array.from({ length: count }, (_, index) => at(index, `${text} ${index}`));
  const first = lines(9000, 'first');
  const chunks = Array.from({ length: 9 }, (_, index) => first.slice(index * 1000, (index + 1) * 1000).join(''));
  const { end, gaps, text } = await followed([chunks, lines(300, 'other').join('') + at(9000, 'new')]);
  assert.equal(end.end, 'not proven');
  assert.equal(gaps[0]?.cause, 'reconnect');
  assert.equal(gaps[0]?.from, SECOND);
  assert.equal(text, first.join('') + at(9000, 'new'));
});
