import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { millisecondsOf, parseTimestamp } from '../../src/model/time.ts';
import { holds } from '../property.ts';
import { Following } from './following.ts';

type Action =
  | { readonly type: 'write'; readonly lines: number }
  /** The stream shows so many bytes of what it has not shown yet, wherever that cuts a line. */
  | { readonly type: 'flow'; readonly bytes: number }
  /** What a rotation may take from the stream. */
  | { readonly type: 'skip'; readonly lines: number }
  /** The kubelet shows again what it had shown last. */
  | { readonly type: 'repeat'; readonly lines: number }
  | { readonly type: 'end' | 'rotate' | 'leave' | 'kill' }
  /** Its files cannot be read, or can again. */
  | { readonly type: 'outage'; readonly isOver: boolean }
  | { readonly type: 'pass'; readonly ms: number };

const count = fc.integer({ min: 1, max: 4 });
const actions = fc.array(
  fc.oneof<fc.Arbitrary<Action>[]>(
    fc.record({ type: fc.constant('write' as const), lines: count }),
    fc.record({ type: fc.constant('write' as const), lines: count }),
    fc.record({ type: fc.constant('flow' as const), bytes: fc.integer({ min: 1, max: 200 }) }),
    fc.record({ type: fc.constant('flow' as const), bytes: fc.constant(10_000) }),
    fc.record({ type: fc.constant('pass' as const), ms: fc.constantFrom(100, 700, 3000, 70_000) }),
    fc.record({ type: fc.constant('skip' as const), lines: count }),
    fc.record({ type: fc.constant('repeat' as const), lines: count }),
    fc.record({ type: fc.constantFrom('end' as const, 'rotate' as const) }),
    fc.record({ type: fc.constantFrom('leave' as const, 'kill' as const) }),
    fc.record({ type: fc.constant('outage' as const), isOver: fc.boolean() }),
  ),
  { maxLength: 25 },
);

/** A container whose lines come by a file and by streams of it, which do what a schedule says. */
class World {
  follow = new Following();
  readonly written: { readonly text: string; readonly ms: number }[] = [];
  #file: string[] = [];
  #shown: string[] = [];
  #ahead: string[] = [];
  #rest = '';
  #streams = 0;
  #ms = 0;
  #isLeaving = false;

  async play(action: Action): Promise<void> {
    switch (action.type) {
      case 'write':
        for (let line = 0; line < action.lines; line += 1) this.#write();
        break;
      case 'flow':
        this.#flow(action.bytes);
        break;
      case 'skip':
        if (this.#rest === '') this.#ahead.splice(0, action.lines);
        break;
      case 'repeat':
        if (this.#streams > 0 && this.#rest === '') this.follow.stream.push(this.#shown.slice(-action.lines).join(''));
        break;
      case 'end':
        if (this.#streams > 0) this.follow.stream.end();
        break;
      case 'rotate':
        this.follow.node.rotate();
        this.#file = [];
        break;
      case 'leave':
        this.#isLeaving = true;
        this.follow.life.podLeaving();
        break;
      case 'outage':
        this.follow.node.between = () => {
          if (!action.isOver) throw new Error('the kubelet is down');
        };
        break;
      case 'kill':
        this.#resume();
        break;
      case 'pass':
        await this.follow.advance(action.ms);
    }
    await this.follow.advance(0);
    this.#takeOpened();
  }

  /** The container ends; its files stay, or are gone at once while the stream shows what it has left. */
  async finish(areFilesGone: boolean): Promise<void> {
    // The end is told in whole seconds: what ended a stream in the same second cannot be told from it.
    this.follow.node.between = () => undefined;
    await this.follow.advance(1100);
    this.#takeOpened();
    for (let line = 0; line < 3; line += 1) this.#write();
    this.#flow(1e9);
    if (areFilesGone) this.follow.node.names.clear();
    if (this.#streams > 0) this.follow.stream.end();
    this.follow.life.update(this.follow.view('terminated', this.follow.time(this.#ms)), 0);
    await this.follow.advance(20_000);
  }

  [Symbol.dispose](): void {
    this.follow[Symbol.dispose]();
  }

  /** Another recorder goes on with the journal of one that is killed. */
  #resume(): void {
    this.follow[Symbol.dispose]();
    this.follow = new Following({ before: this.follow });
    if (this.#isLeaving) this.follow.life.podLeaving();
    this.#streams = 0;
  }

  #write(): void {
    this.#ms = Math.max(this.#ms + 1, this.follow.clock.now() - Date.UTC(2026, 10, 23, 12));
    const text = `line ${this.written.length}`;
    this.follow.writeFile(this.#ms, text);
    this.written.push({ text, ms: this.#ms });
    this.#file.push(this.follow.line(this.#ms, text));
    this.#ahead.push(this.follow.line(this.#ms, text));
  }

  #flow(bytes: number): void {
    if (this.#streams === 0) return;
    const all = this.#ahead.join('');
    const part = all.slice(0, bytes);
    this.follow.stream.push(part);
    const begun = this.#rest + part;
    const whole = begun.slice(0, begun.lastIndexOf('\n') + 1);
    if (whole !== '')
      this.#shown.push(
        ...whole
          .slice(0, -1)
          .split('\n')
          .map((line) => `${line}\n`),
      );
    this.#rest = begun.slice(whole.length);
    this.#ahead = part.length < all.length ? [all.slice(part.length)] : [];
  }

  /** A new stream begins at the second that it was asked for, in the file that is there then. */
  #takeOpened(): void {
    if (this.follow.streams.length === this.#streams) return;
    this.#streams = this.follow.streams.length;
    const since = this.follow.streams.at(-1)?.request.sinceTime?.slice(0, 19) ?? '';
    this.#ahead = this.#file.filter((line) => line.slice(0, 19) >= since);
    this.#shown = [];
    this.#rest = '';
  }
}

/**
 * What was found once: a stream that repeats itself at once; one that ends in doubt at the moment when the file is read; one
 * that goes on, before the file can be read, behind what a killed recorder had from its own.
 */
const FOUND: [Action[], boolean][] = [
  [
    [
      { type: 'pass', ms: 100 },
      { type: 'write', lines: 1 },
      { type: 'flow', bytes: 10_000 },
      { type: 'repeat', lines: 1 },
    ],
    true,
  ],
  [
    [
      { type: 'rotate' },
      { type: 'write', lines: 2 },
      { type: 'write', lines: 2 },
      { type: 'pass', ms: 3000 },
      { type: 'skip', lines: 3 },
    ],
    false,
  ],
  [
    [
      { type: 'pass', ms: 700 },
      { type: 'write', lines: 1 },
      { type: 'flow', bytes: 10_000 },
      { type: 'pass', ms: 100 },
      { type: 'outage', isOver: false },
      { type: 'leave' },
      { type: 'kill' },
      { type: 'pass', ms: 100 },
      { type: 'write', lines: 1 },
      { type: 'flow', bytes: 10_000 },
      { type: 'pass', ms: 100 },
    ],
    false,
  ],
];

test('whatever the stream and the files do, each line is recorded once, in order, or lies in a stated gap', async () => {
  await holds(
    fc.asyncProperty(actions, fc.boolean(), async (schedule, areFilesGone) => {
      using world = new World();
      for (const action of schedule) await world.play(action);
      // Files of a few lines are not rotated in truth: where that took lines, the files must be there to tell.
      await world.finish(areFilesGone && !schedule.some(({ type }) => type === 'skip' || type === 'rotate'));
      const { follow } = world;
      const { lines, gaps } = follow.recorded();
      const texts = world.written.map(({ text }) => text);
      assert.equal(new Set(lines).size, lines.length, 'a line twice');
      assert.deepEqual(
        lines,
        texts.filter((text) => lines.includes(text)),
        'out of order, or never written',
      );
      const missing = world.written.filter(({ text }) => !lines.includes(text));
      if (follow.end?.end === 'proven') assert.deepEqual(missing, []);
      for (const { text, ms } of missing) {
        const at = millisecondsOf(parseTimestamp(follow.time(ms)) ?? follow.time(ms));
        assert.ok(
          gaps.some(({ from, to }) => millisecondsOf(from) <= at && at <= millisecondsOf(to)),
          `no gap covers ${text}`,
        );
      }
    }),
    { numRuns: 60, examples: FOUND },
  );
});
