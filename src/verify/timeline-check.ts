import { unreachable } from '../model/errors.ts';
import type { StoryVerdict, TimelineEntry } from '../story/document.ts';
import { Examination } from '../story/examine.ts';
import type { StoryHead } from '../story/reader.ts';
import { VERSION } from '../version.ts';
import { ChangeCheck } from './change-check.ts';
import { LogCheck } from './log-check.ts';
import { OrderCheck } from './order-check.ts';
import type { Problems } from './problems.ts';
import { StateCheck } from './state-check.ts';

/** Goes through the timeline once and holds it against everything that the story says beside it. */
export class TimelineCheck {
  readonly #head: StoryHead;
  readonly #problems: Problems;
  readonly #states: StateCheck;
  readonly #logs: LogCheck;
  readonly #order: OrderCheck;
  readonly #changes: ChangeCheck | undefined;
  readonly #examination: Examination | undefined;
  #nextSeq = 0;
  readonly #counts = { entries: 0, logLines: 0, events: 0 };
  readonly #gaps = new Set<number>();

  constructor(head: StoryHead, problems: Problems) {
    this.#head = head;
    this.#problems = problems;
    // What states mean, and what followed from it, is only derived in the same way by the same version.
    const isOurs = head.metadata.generator === `faro ${VERSION}`;
    this.#changes = isOurs ? new ChangeCheck(head, problems) : undefined;
    this.#examination = isOurs ? new Examination(head) : undefined;
    this.#states = new StateCheck(head.objects, problems, this.#changes);
    this.#logs = new LogCheck(head.containers, problems);
    this.#order = new OrderCheck(head, problems);
  }

  take(entry: TimelineEntry): void {
    this.#counts.entries += 1;
    this.#takeSeq(entry.seq);
    this.#order.take(entry);
    if (entry.type !== 'object') this.#examination?.take(entry);
    switch (entry.type) {
      case 'object':
        this.#refers(entry, entry.object, this.#head.objects, 'object');
        this.#takeState(entry);
        return;
      case 'event':
        this.#counts.events += 1;
        if (entry.object !== null) this.#refers(entry, entry.object, this.#head.objects, 'object');
        return;
      case 'lifecycle':
        this.#refers(entry, entry.object, this.#head.objects, 'object');
        this.#takeChange(entry);
        return;
      case 'log':
        this.#counts.logLines += 1;
        this.#refers(entry, entry.container, this.#head.containers, 'container');
        this.#logs.takeLine(entry);
        return;
      case 'gap':
        this.#takeGap(entry);
        return;
      case 'note':
        return;
      default:
        unreachable(entry);
    }
  }

  finish(): void {
    this.#states.finish();
    this.#logs.finish();
    this.#changes?.finish();
    this.#checkVerdict();
    for (const [name, found] of Object.entries(this.#counts)) {
      const stated = this.#head.metadata.counts[name];
      this.#problems.expect(stated === found, () => `metadata.counts.${name} is ${String(stated)}, there are ${found}`);
    }
    for (const index of this.#head.gaps.keys())
      this.#problems.expect(this.#gaps.has(index), () => `gaps[${index}] is not in the timeline`);
  }

  #takeState(entry: Extract<TimelineEntry, { type: 'object' }>): void {
    const state = this.#states.take(entry);
    if (state !== undefined) this.#examination?.takeState(entry, state);
  }

  /** Entries are numbered one by one; where one is missing, those behind it still follow each other. */
  #takeSeq(seq: number): void {
    const expected = this.#nextSeq;
    this.#nextSeq = seq + 1;
    this.#problems.expect(
      seq === expected,
      () => `entry ${seq} stands where entry ${expected} should${seq === expected + 1 ? ', which is missing' : ''}`,
      'order',
    );
  }

  /** The words of a finding may be another build's; what became of the targets, and why, may not. */
  #checkVerdict(): void {
    const { verdict } = this.#head;
    const found = this.#examination?.verdict();
    if (verdict === undefined || found === undefined) return;
    const [stated, derived] = [conclusionOf(verdict, this.#head), conclusionOf(found, this.#head)];
    this.#problems.expect(stated === derived, () => `the verdict is ${stated}, the timeline leads to ${derived}`);
  }

  #takeChange(entry: Extract<TimelineEntry, { type: 'lifecycle' }>): void {
    this.#logs.takeChange(entry);
    this.#changes?.takeEntry(entry);
    if (entry.container === undefined) return;
    this.#refers(entry, entry.container, this.#head.containers, 'container');
    const owner = this.#head.containers[entry.container]?.object;
    this.#problems.expect(
      owner === entry.object,
      () => `entry ${entry.seq}: container ${entry.container} is not one of object ${entry.object}`,
    );
  }

  #takeGap({ seq, gap, time }: Extract<TimelineEntry, { type: 'gap' }>): void {
    const stated = this.#head.gaps[gap];
    this.#problems.expect(
      !this.#gaps.has(gap) && stated?.from === time,
      () => `entry ${seq} is not where gap ${gap} begins`,
    );
    this.#gaps.add(gap);
  }

  #refers(entry: TimelineEntry, index: number, list: readonly unknown[], what: string): void {
    this.#problems.expect(index < list.length, () => `entry ${entry.seq} is of ${what} ${index}, which is not there`);
  }
}

function conclusionOf({ status, firstCause }: StoryVerdict, { objects, containers }: StoryHead): string {
  if (firstCause === undefined) return status;
  const about = objects[firstCause.object ?? -1];
  const container = containers[firstCause.container ?? -1];
  const run = container === undefined ? '' : `, container ${container.name}, run ${container.restart}`;
  return `${status} by ${firstCause.rule}${about === undefined ? '' : ` of ${about.kind} ${about.name}`}${run}`;
}
