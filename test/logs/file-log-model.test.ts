import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CriJoiner } from '../../src/logs/cri-lines.ts';
import { FileLog } from '../../src/logs/file-log.ts';
import { KeptFiles } from '../../src/logs/kept-files.ts';
import { holds } from '../property.ts';
import { FakeNode } from './fake-node.ts';

const NEVER = new AbortController().signal;

/** A log under way: what its node holds, what was written, and what was read. */
class Reading {
  readonly node: FakeNode;
  readonly written: string[] = [];
  readonly read: string[] = [];
  readonly lost: string[] = [];
  now = 0;
  readonly #joiner = new CriJoiner();
  readonly log: FileLog;

  constructor(maxFiles?: number) {
    this.node = new FakeNode(maxFiles);
    const kept = new KeptFiles(() => this.node.maxFiles);
    this.log = new FileLog({ files: this.node, folder: 'pod/app/', restart: 0, kept, clock: { now: () => this.now } });
  }

  line(name?: string): void {
    const number = this.written.push(`line ${this.written.length}`) - 1;
    this.node.write(record(number, 'F', `line ${number}`), name);
  }

  async poll(hurry = false): Promise<string> {
    for await (const piece of this.log.read({ hurry }, NEVER)) {
      if (piece.type === 'lost' && piece.certainty === 'known') this.lost.push(piece.evidence);
      else if (piece.type === 'lost') continue;
      else for (const { content } of this.#joiner.lines(piece.bytes)) this.read.push(content.toString('latin1'));
    }
    this.now += 1000;
    return this.log.state;
  }

  /** Until there is nothing more, and no renamed file may still grow. */
  async pollToEnd(): Promise<void> {
    for (let polls = 0; polls < 30; polls += 1) if ((await this.poll()) === 'end') return;
    assert.fail(`never at the end: ${this.log.state}`);
  }
}

function record(number: number, tag: string, content: string): string {
  const time = `2026-11-25T12:00:${String(Math.floor(number / 1000) % 60).padStart(2, '0')}.${String(number % 1000).padStart(3, '0')}Z`;
  return `${time} stdout ${tag} ${content}\n`;
}

test('a log is read from its first line, rotated and compressed files before the current one', async () => {
  const reading = new Reading();
  for (let file = 0; file < 3; file += 1) {
    reading.line();
    reading.line();
    if (file < 2) reading.node.rotate();
  }
  await reading.pollToEnd();
  assert.deepEqual(reading.read, reading.written);
  assert.equal(reading.log.rotations, 2);
});

test('records that the runtime writes to the renamed file come before those of the new one', async () => {
  const reading = new Reading();
  reading.line();
  await reading.poll();
  const renamed = reading.node.rotate();
  reading.line(renamed);
  assert.equal(await reading.poll(), 'waiting');
  reading.line(renamed);
  assert.equal(await reading.poll(), 'waiting');
  reading.line();
  await reading.pollToEnd();
  assert.deepEqual(reading.read, reading.written);
});

test('a line that is begun in the renamed file goes on in the new one', async () => {
  const reading = new Reading();
  reading.line();
  await reading.poll();
  reading.node.write(record(1, 'P', 'be'));
  await reading.poll();
  reading.node.rotate();
  reading.node.write(record(2, 'F', 'gun'));
  await reading.pollToEnd();
  assert.deepEqual(reading.read, ['line 0', 'begun']);
});

test('where the files may go at any moment, a renamed one is not waited for', async () => {
  const reading = new Reading();
  reading.line();
  await reading.poll();
  reading.node.rotate();
  reading.line();
  assert.equal(await reading.poll(true), 'end');
  assert.deepEqual(reading.read, reading.written);
});

test('what was rotated away unread is stated, and what follows is read', async () => {
  const reading = new Reading(3);
  reading.line();
  await reading.poll();
  for (let rotation = 0; rotation < 5; rotation += 1) {
    reading.line();
    reading.node.rotate();
  }
  reading.line();
  await reading.pollToEnd();
  assert.equal(reading.lost.length, 1);
  assert.match(reading.lost[0] ?? '', /in no file any more/);
  assert.deepEqual(reading.read, ['line 0', ...reading.written.slice(-reading.read.length + 1)]);
  assert.ok(reading.read.length >= 3);
});

test('a rename that the kubelet takes back changes nothing', async () => {
  const reading = new Reading();
  reading.line();
  await reading.poll();
  const renamed = reading.node.rotate();
  reading.node.names.delete('0.log');
  assert.equal(await reading.poll(), 'waiting');
  reading.node.names.set('0.log', reading.node.names.get(renamed) ?? Buffer.alloc(0));
  reading.node.names.delete(renamed);
  reading.line();
  await reading.pollToEnd();
  assert.deepEqual(reading.read, reading.written);
  assert.deepEqual(reading.lost, []);
});

test('files that are removed are gone, and a file that is not there yet is waited for', async () => {
  const reading = new Reading();
  reading.node.names.delete('0.log');
  reading.node.names.set('1.log', Buffer.alloc(0));
  assert.equal(await reading.poll(), 'absent');
  reading.node.names.clear();
  assert.equal(await reading.poll(), 'gone');
});

test('a line that never ends is handed on in parts, and at the end of the log it is one', async () => {
  const reading = new Reading();
  reading.node.write(record(0, 'P', 'no end'));
  await reading.pollToEnd();
  assert.deepEqual(reading.read, []);
  assert.equal(reading.log.takeUnended()?.lines, 1);
  assert.equal(reading.log.takeUnended(), undefined);
});

test('whatever is written, rotated and read in whatever order, each line is read once and in order', async () => {
  const step = fc.constantFrom('line', 'line', 'line', 'rotate', 'poll', 'late');
  await holds(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.array(fc.nat({ max: 30 }), { maxLength: 6 }),
      async (steps, meanwhile) => {
        const reading = new Reading(1000);
        let requests = 0;
        // Between two requests of one reading, more is written, and the file is rotated.
        reading.node.between = () => {
          requests += 1;
          if (!meanwhile.includes(requests)) return;
          reading.line();
          if (requests % 3 === 0) reading.node.rotate();
        };
        let renamed: string | undefined;
        for (const one of steps) {
          if (one === 'line') {
            renamed = undefined;
            reading.line();
          }
          if (one === 'rotate') renamed = reading.node.rotate();
          // Only before the first record of the new file: the runtime closes the old one a moment later.
          if (
            one === 'late' &&
            renamed !== undefined &&
            reading.node.names.has(renamed) &&
            reading.node.names.get('0.log')?.length === 0
          )
            reading.line(renamed);
          if (one === 'poll') {
            await reading.poll();
            if (reading.now > 0) renamed = undefined;
          }
        }
        reading.node.between = () => undefined;
        await reading.pollToEnd();
        assert.deepEqual(reading.read, reading.written);
        assert.deepEqual(reading.lost, []);
      },
    ),
    { numRuns: 300 },
  );
});
