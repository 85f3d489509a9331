import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ByteStream } from '../../src/kube/client.ts';
import { timeOf } from '../../src/logs/lines.ts';
import { LogCursor } from '../../src/logs/position.ts';
import { Scribe } from '../../src/logs/scribe.ts';
import { StreamTail } from '../../src/logs/stream-tail.ts';
import type { ContainerInstance } from '../../src/model/instance.ts';
import type { Timestamp } from '../../src/model/time.ts';
import { ManualClock } from '../kube/auth/manual-clock.ts';

const RUNNING = { view: { state: 'running', startedAt: undefined, finishedAt: undefined } } as const;
const instance: ContainerInstance = { podUid: 'p', namespace: 'shop', pod: 'web', container: 'app', restart: 0 };

function line(number: number): string {
  return `2026-11-25T12:00:05.${String(number).padStart(3, '0')}000000Z line ${number}\n`;
}

/** What a stream that begins where the file was left, and brings some chunks at once, writes down of them. */
async function written(known: string, chunks: readonly string[], { flushEach = false } = {}) {
  const lines: string[] = [];
  const clock = new ManualClock();
  const sink = {
    append: (record: { kind: string; bytes?: Buffer }) => void (record.kind === 'log' && lines.push(`${record.bytes}`)),
    drained: async () => undefined,
  };
  const cursor = new LogCursor();
  cursor.remember(Buffer.from(known), timeOf(Buffer.from(known.split('\n').at(-2) ?? '')) ?? ('' as Timestamp));
  const client = {
    async logs(): Promise<ByteStream> {
      async function* bytes() {
        for (const chunk of chunks) {
          yield Buffer.from(chunk);
          if (flushEach) tail.flush();
        }
      }
      return Object.assign(bytes(), { [Symbol.asyncDispose]: async () => undefined }) as ByteStream;
    },
  };
  const of = { namespace: 'shop', pod: 'web', container: 'app' };
  const scribe = new Scribe({ instance, sink, clock, nextStream: () => 0 });
  const open = { touch: () => undefined };
  const tail: StreamTail = new StreamTail(
    { life: RUNNING, client, of, cursor, scribe, sink, clock, open, rotatesAt: () => undefined },
    new AbortController().signal,
  );
  assert.equal(await tail.news, 'ended');
  return { text: lines.join(''), tail };
}

test('a stream that ends at once, before anyone asked for its lines, repeats none that are known', async () => {
  const { text, tail } = await written(line(124) + line(125), [line(124) + line(125)]);
  assert.equal(text, '');
  assert.ok(tail.hasEndedWell);
});

test('a stream that was cut off among the known lines proves nothing', async () => {
  const { text, tail } = await written(line(124) + line(125), [line(124)]);
  assert.equal(text, '');
  assert.ok(!tail.hasEndedWell);
});

test('what such a stream brings beyond the known lines is written down', async () => {
  const { text } = await written(line(124) + line(125), [line(124), line(125) + line(126)]);
  assert.equal(text, line(126));
});

test('whatever a stream brings, no line that was written before is written again', async () => {
  const known = line(124) + line(125);
  for (const chunks of [
    [known + line(126), line(125) + line(127)], // goes back a little
    [known + line(126), line(1).replace(':05.', ':03.')], // to before all that is kept
    [known + line(126), line(126)], // repeats itself
    [known + line(126), line(127) + line(127)], // the same at once
  ]) {
    const { text, tail } = await written(known, chunks, { flushEach: true });
    assert.equal(text, line(126), chunks.join());
    assert.ok(!tail.hasEndedWell);
  }
});

test('a stream in which the kubelet says at last that it cannot go on proves nothing, whatever it brought', async () => {
  const said = 'unable to retrieve container logs for containerd://1';
  const { text, tail } = await written(line(124), [line(124) + line(125), said]);
  assert.equal(text, line(125));
  assert.ok(!tail.hasEndedWell);
});

test('a stream that shows nothing of what is known proves nothing', async () => {
  const { text, tail } = await written(line(124), []);
  assert.equal(text, '');
  assert.ok(!tail.hasEndedWell);
});
