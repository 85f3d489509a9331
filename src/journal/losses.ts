import type { Gap, GapSubject, Hold } from '../model/gap.ts';
import { type ContainerInstance, instanceKey } from '../model/instance.ts';
import type { EventRecord, GapRecord, JournalRecord, LogEndRecord, ObjectRecord } from '../model/record.ts';
import { storageOf } from '../model/resource.ts';
import { earlierOf, laterOf, millisecondsOf, type Timestamp, timestampOf } from '../model/time.ts';
import { writtenMs } from '../model/written.ts';

/** What is missing where a record is not kept. */
export interface Loss {
  readonly of: GapSubject;
  readonly from: Timestamp;
  readonly to: Timestamp;
  /** Log lines, or states of objects and Events. */
  readonly count: number;
  /** When the oldest state was written, in milliseconds of the server's clock: it may have come late. */
  readonly writtenMs?: number | undefined;
}

interface Span extends Loss {
  readonly hold: Hold;
}

/** Keeps account of what a journal could not take, so that each of it ends as a gap, and no log is called proven with one. */
export class Losses {
  readonly #instances = new Map<number, ContainerInstance>();
  readonly #ends = new Map<string, LogEndRecord>();
  readonly #spans = new Map<string, Span>();
  readonly #aheadMs: () => number | undefined;
  /** How far this clock is behind the server's, at the least: no state comes before it was written. */
  #behindMs = 0;

  /**
   * `aheadMs`: by how many milliseconds the recorder's clock is ahead of the server's, at least. Where nobody knows, it is
   * taken for behind by as much as states tell; where all of them come late, that is less than it is.
   */
  constructor(aheadMs: () => number | undefined = () => undefined) {
    this.#aheadMs = aheadMs;
  }

  /** What would be missing without this record; undefined for what is never left out. */
  lossOf(record: JournalRecord): Loss | undefined {
    switch (record.kind) {
      case 'streamOpened':
        this.#instances.set(record.stream, record.instance);
        return undefined;
      case 'log': {
        const container = this.#instances.get(record.stream);
        const { first: from, last: to, lines: count } = record;
        return container === undefined ? undefined : { of: { container }, from, to, count };
      }
      case 'event':
      case 'object':
        return this.#lossOfState(record);
      default:
        return undefined;
    }
  }

  #lossOfState(record: ObjectRecord | EventRecord): Loss {
    const { object, observed } = record;
    const written = writtenMs(object.metadata);
    if (written !== undefined) this.#behindMs = Math.max(this.#behindMs, written - millisecondsOf(observed));
    return { of: typeOf(record), from: observed, to: observed, count: 1, writtenMs: written };
  }

  add(loss: Loss, hold: Hold): void {
    const key = `${keyOf(loss.of)} ${hold.cause}`;
    const known = this.#spans.get(key);
    this.#spans.set(key, {
      of: loss.of,
      hold,
      count: loss.count + (known?.count ?? 0),
      from: earlierOf(known?.from, loss.from),
      to: laterOf(known?.to, loss.to),
      writtenMs: leastOf(known?.writtenMs, loss.writtenMs),
    });
  }

  /** The end of a log, behind the gap of what was lost of it. */
  atEnd(end: LogEndRecord): readonly (GapRecord | LogEndRecord)[] {
    const key = instanceKey(end.instance);
    this.#ends.set(key, end);
    const gaps = this.#takeOfLog(key, end.observed);
    return gaps.length === 0 ? [end] : [...gaps, unproven(end)];
  }

  /** The gaps of all that was lost until now but of logs that go on: those are told at their ends. */
  tell(observed: Timestamp): readonly (GapRecord | LogEndRecord)[] {
    const records: (GapRecord | LogEndRecord)[] = this.#take(({ of }) => !('container' in of), observed);
    for (const [key, end] of this.#ends) {
      const told = this.#takeOfLog(key, observed);
      if (told.length > 0) records.push(...told, unproven(end));
    }
    return records;
  }

  #takeOfLog(key: string, observed: Timestamp): GapRecord[] {
    return this.#take(({ of }) => 'container' in of && instanceKey(of.container) === key, observed);
  }

  #take(which: (span: Span) => boolean, observed: Timestamp): GapRecord[] {
    const taken = [...this.#spans].filter(([, span]) => which(span));
    const aheadMs = this.#aheadMs() ?? -this.#behindMs;
    for (const [key] of taken) this.#spans.delete(key);
    return taken.map(([, span]) => ({ kind: 'gap', observed, gap: gapOf(span, aheadMs) }));
  }
}

/** `aheadMs`: by how many milliseconds the recorder's clock is ahead of the server's. */
function gapOf({ of, from: came, to, count, writtenMs: written, hold }: Span, aheadMs: number): Gap {
  const from = written === undefined ? came : earlierOf(came, timestampOf(written + aheadMs));
  const what = 'container' in of ? `${count} log lines` : `${count} states`;
  const evidence = `${what} were not kept: ${hold.evidence}`;
  return { of, from, to, certainty: 'known', cause: hold.cause, evidence };
}

function leastOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

function unproven(end: LogEndRecord): LogEndRecord {
  return { ...end, end: 'not proven', evidence: `${end.evidence}, with a gap before` };
}

function typeOf(record: ObjectRecord | EventRecord): Extract<GapSubject, { resource: string }> {
  const { object } = record;
  const resource = record.kind === 'event' ? 'events' : record.resource;
  return { resource: storageOf(resource, object), namespace: object.metadata.namespace ?? null };
}

function keyOf(of: GapSubject): string {
  return 'container' in of ? instanceKey(of.container) : `${of.namespace ?? ''}/${of.resource}`;
}
