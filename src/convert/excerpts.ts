import type { TimelineEntry } from '../story/document.ts';
import type { StoryHead } from '../story/reader.ts';
import { ToldEnds } from '../story/told-ends.ts';
import { textOf, wordOf } from './describe.ts';
import { Templates } from './templates.ts';

/** Lines from the ends of one container run. */
interface RunExcerpt {
  readonly first: string[];
  readonly last: string[];
  skipped: number;
}

/** An entry of the digest's time line, `times` of it in a row. */
export interface Moment {
  readonly entry: Exclude<TimelineEntry, { type: 'log' }>;
  times: number;
}

const FIRST = 5;
const LAST = 20;
/** The ends of runs that are kept: those that failed, and as many others. */
const RUNS = 200;
/** Of one container that starts again and again, its first one and so many of the newest. */
const NEWEST = 3;
/** Moments that are kept at most; then the dull ones in the middle go. */
const MOMENTS = 5000;

/** What a digest needs of a story, gathered in one pass, in memory that does not grow with it. */
export class Excerpts {
  readonly runs = new Map<number, RunExcerpt>();
  readonly templates = new Templates();
  /** The runs that are kept, by container. */
  readonly #kept = new Map<string, number[]>();
  readonly #told = new ToldEnds();
  readonly #head: StoryHead;
  #moments: Moment[] = [];
  /** Moments that were left out. */
  dropped = 0;

  constructor(head: StoryHead) {
    this.#head = head;
  }

  get moments(): readonly Moment[] {
    return this.#moments;
  }

  /** Whether a run, by its index, failed: not one that ended as its pod was told to go. */
  hasFailed(container: number): boolean {
    return (this.#head.containers[container]?.exitCode ?? 0) !== 0 && !this.#told.has(container);
  }

  take(entry: TimelineEntry): void {
    this.#told.take(entry);
    if (entry.type === 'log') this.#takeLine(entry.container, textOf(entry, []));
    else this.#takeMoment(entry);
  }

  #takeLine(container: number, line: string): void {
    this.templates.take(line);
    const run = this.runs.get(container) ?? this.#newRun(container);
    if (run === undefined) return;
    if (run.first.length < FIRST) run.first.push(line);
    else if (run.last.push(line) > LAST) {
      run.last.shift();
      run.skipped += 1;
    }
  }

  #newRun(container: number): RunExcerpt | undefined {
    const failed = (this.#head.containers[container]?.exitCode ?? 0) !== 0;
    if (this.runs.size >= (failed ? 2 * RUNS : RUNS)) return undefined;
    const run: RunExcerpt = { first: [], last: [], skipped: 0 };
    this.runs.set(container, run);
    this.#forgetOlder(container);
    return run;
  }

  #forgetOlder(container: number): void {
    const { containers, verdict } = this.#head;
    if (container === verdict?.firstCause?.container) return; // its lines are wanted first of all
    const { object, name } = containers[container] ?? {};
    const key = `${object}/${name}`;
    const kept = this.#kept.get(key) ?? [];
    this.#kept.set(key, kept);
    if (kept.push(container) <= NEWEST + 1) return;
    const [older] = kept.splice(1, 1);
    if (older !== undefined) this.runs.delete(older);
  }

  #takeMoment(entry: Moment['entry']): void {
    if (entry.type === 'object' && !tellsMore(entry)) return;
    const last = this.#moments.at(-1);
    if (last !== undefined && this.#isSame(last.entry, entry)) {
      last.times += 1;
      return;
    }
    this.#moments.push({ entry, times: 1 });
    if (this.#moments.length >= MOMENTS) this.#thin();
  }

  #isSame(a: Moment['entry'], b: Moment['entry']): boolean {
    const { gaps } = this.#head;
    return (
      a.type === b.type &&
      'object' in a &&
      'object' in b &&
      a.object === b.object &&
      wordOf(a, gaps) === wordOf(b, gaps) &&
      a.type === 'event'
    );
  }

  #thin(): void {
    const quarter = MOMENTS / 4;
    const kept = this.#moments.filter(({ entry }, index) => index < quarter || index > 3 * quarter || isNotable(entry));
    const room = kept.slice(0, MOMENTS / 2);
    this.dropped += this.#moments.length - room.length;
    this.#moments = room;
  }
}

const DULL_PATH = /^\/(?:status|metadata|spec\/nodeName)(?:\/|$)/;

/** What a change of the status means, lifecycle entries say in a word; what someone wanted, only the change itself. */
function tellsMore({ action, patch }: Extract<TimelineEntry, { type: 'object' }>): boolean {
  return action !== 'changed' || patch?.some(({ path }) => !DULL_PATH.test(path)) === true;
}

const NOTABLE = new Set([
  'terminated',
  'restarted',
  'rolloutBegun',
  'rolloutFinished',
  'rolloutFailed',
  'jobFailed',
  'evicted',
  'waiting',
  'podUnready',
  'unready',
  'deleted',
  'scaled',
]);

/** Whether an entry tells of trouble or of a turn. */
export function isNotable(entry: Moment['entry']): boolean {
  if (entry.type === 'event') return entry.eventType !== 'Normal';
  if (entry.type === 'object') return entry.action === 'changed'; // only those that tell more come here
  return entry.type === 'gap' || entry.type === 'note' || (entry.type === 'lifecycle' && NOTABLE.has(entry.what));
}
