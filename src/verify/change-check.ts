import { changesOf } from '../story/changes.ts';
import type { TimelineEntry } from '../story/document.ts';
import type { ToldState } from '../story/object-states.ts';
import type { StoryHead } from '../story/reader.ts';
import type { Problems } from './problems.ts';

type LifecycleEntry = Extract<TimelineEntry, { type: 'lifecycle' }>;

/** A state of an object as its patches make it, with the one before. */
export type RebuiltState = ToldState & Pick<Extract<TimelineEntry, { type: 'object' }>, 'object' | 'seq' | 'action'>;

/** What one side tells, the other side not (yet). */
interface Untold {
  readonly text: string;
  /** Of the entry that tells it, or of the state that does. */
  readonly seq: number;
  /** Above zero: states tell it that often more than entries; below: less often. */
  count: number;
}

/**
 * Holds the lifecycle entries against the states: what a change of an object means is derived again, and each must be
 * told just once. An entry may stand before the state that brought it, so the two sides meet at the end.
 */
export class ChangeCheck {
  readonly #head: StoryHead;
  readonly #problems: Problems;
  readonly #runs = new Map<string, number>();
  readonly #untold = new Map<string, Untold>();

  constructor(head: StoryHead, problems: Problems) {
    this.#head = head;
    this.#problems = problems;
    for (const [index, { object, name, restart }] of head.containers.entries())
      this.#runs.set(`${object}/${name}#${restart}`, index);
  }

  takeState({ object, seq, action, previous, current }: RebuiltState): void {
    for (const { run, details } of changesOf({ previous, current, action })) {
      const container = run === undefined ? undefined : this.#runs.get(`${object}/${run.container}#${run.restart}`);
      this.#tell(1, seq, { object, ...details, ...(container === undefined ? {} : { container }) });
    }
  }

  takeEntry({
    seq,
    time: _,
    timeSource: _source,
    precision: _precision,
    observed: _observed,
    type: _type,
    ...told
  }: LifecycleEntry): void {
    this.#tell(-1, seq, told);
  }

  finish(): void {
    for (const { text, seq, count } of this.#untold.values()) {
      if (count === 0) continue;
      this.#problems.add(
        count > 0
          ? `entry ${seq}: its state tells ${text}, no entry does`
          : `entry ${seq} tells ${text}, no state does`,
      );
    }
  }

  #tell(
    by: 1 | -1,
    seq: number,
    { object, what, ...details }: { readonly object: number; readonly what?: unknown },
  ): void {
    const { kind = '', name = '' } = this.#head.objects[object] ?? {};
    const said = JSON.stringify(details, Object.keys(details).sort());
    const text = `${String(what)} of ${kind} ${name} ${said}`;
    const key = `${object} ${text}`;
    const known = this.#untold.get(key);
    if (known?.count === -by) this.#untold.delete(key);
    else if (known === undefined) this.#untold.set(key, { text, seq, count: by });
    else known.count += by;
  }
}
