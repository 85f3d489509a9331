import { Scope } from '../graph/scope.ts';
import { nodeOf } from '../kube/node-settings.ts';
import { LogPasts } from '../logs/past.ts';
import { isDeletion } from '../model/action.ts';
import { FaroError } from '../model/errors.ts';
import { type Gap, openGapKey } from '../model/gap.ts';
import type {
  EndRecord,
  JournalRecord,
  LogRecord,
  ObjectRecord,
  RelationRecord,
  StartRecord,
} from '../model/record.ts';
import { storageOf } from '../model/resource.ts';
import { earlierOf, parseTimestamp, type Timestamp } from '../model/time.ts';
import type { DoubtedRecord, UnkeptRecord } from '../model/watch-records.ts';
import { EventCount } from './event-count.ts';
import { PastOrphans } from './past-orphans.ts';
import { type PastTarget, PastWatches } from './past-watches.ts';
import type { RecordedObject } from './placement.ts';

/** What a journal's reader gives. */
export interface PastSource<P> {
  records(): AsyncIterable<{
    readonly position: P;
    readonly record: Exclude<JournalRecord, LogRecord> | Omit<LogRecord, 'bytes'>;
  }>;
  readLog(position: P): Promise<LogRecord>;
  /** What could not be read, as far as it was read through. */
  readonly damage?: readonly unknown[];
}

/** What had not been kept of objects of a type, whose owners had not been seen. */
export interface PastUnkept extends Pick<UnkeptRecord, 'uids' | 'since' | 'until'> {
  readonly target: PastTarget;
}

/** What the journal of a capture that was killed holds, as far as another recorder needs it to go on. */
export class Past {
  readonly scope: Scope;
  readonly watches: PastWatches;
  readonly start: StartRecord;
  readonly logs = new LogPasts();
  /** The newest states, in the order of their first. */
  readonly objects = new Map<string, RecordedObject>();
  readonly relations: RelationRecord[] = [];
  /** Set where the capture ended by itself. */
  end: EndRecord | undefined;
  readonly events: EventCount;
  readonly #unkept: PastUnkept[] = [];
  /** Those of which no gap was told. */
  #doubted: DoubtedRecord[] = [];
  readonly #orphans = new PastOrphans();
  readonly #openGaps = new Map<string, Gap>();

  private constructor(start: StartRecord) {
    this.start = start;
    this.scope = new Scope(start.roots);
    this.events = new EventCount(this.scope.rootNames('nodes'));
    this.watches = new PastWatches(start.time, this.scope);
  }

  /** Reads a journal through. Throws FaroError `journal` where nothing was recorded. */
  static async read<P>(source: PastSource<P>): Promise<Past> {
    let past: Past | undefined;
    let seq = 0;
    let damages = 0;
    for await (const { position, record } of source.records()) {
      const { length = 0 } = source.damage ?? [];
      if (length > damages) past?.watches.damaged(seq);
      damages = length;
      if (record.kind === 'start') past ??= new Past(record);
      else if (past !== undefined) past.#take(record, seq, () => source.readLog(position));
      seq += 1;
    }
    if (past !== undefined) return past;
    if (damages > 0)
      throw new FaroError('journal', 'the journal does not tell what was recorded: its beginning could not be read');
    throw new FaroError('journal', 'the journal holds nothing: its capture was killed before it began', {
      hint: 'remove the folder, and record anew',
    });
  }

  /** The last moment that it tells of. */
  get lastObserved(): Timestamp {
    return this.watches.lastObserved;
  }

  /** Gaps that were open, and whose end nobody has told. */
  get openGaps(): readonly Gap[] {
    return [...this.#openGaps.values()];
  }

  get unkept(): readonly PastUnkept[] {
    return [...this.#unkept, ...this.#orphans.unkept];
  }

  /** What may have been missed of a type while no object of it was in the story, and is not told as a gap. */
  doubtsOf({ storage, namespace: where }: PastTarget): readonly DoubtedRecord[] {
    return this.#doubted.filter(({ resource, namespace }) => resource === storage && namespace === where);
  }

  #take(
    record: Exclude<JournalRecord, LogRecord | StartRecord> | Omit<LogRecord, 'bytes'>,
    seq: number,
    read: () => Promise<LogRecord>,
  ): void {
    const time = record.kind === 'end' || record.kind === 'resume' ? record.time : record.observed;
    this.watches.observed(time);
    switch (record.kind) {
      case 'end':
        this.end = record;
        return;
      case 'object':
        this.#takeObject(record, seq);
        return;
      case 'event':
        this.events.wrote(record.object);
        this.watches.told('events', record, seq);
        return;
      case 'relation':
        this.relations.push(record);
        return;
      case 'unkept':
        this.#unkept.push({ target: { storage: record.resource, namespace: record.namespace }, ...record });
        return;
      case 'doubted':
        this.#doubted.push(record);
        return;
      case 'watched':
        this.watches.stood({ ...record, seq });
        return;
      case 'log':
        this.logs.take({ ...record, read });
        return;
      case 'gap':
        this.#takeGap(record.gap);
        this.logs.take(record);
        return;
      default:
        this.logs.take(record);
    }
  }

  #takeObject(record: ObjectRecord, seq: number): void {
    const { resource, object, action } = record;
    this.scope.observe({ resource, object });
    const isDeleted = isDeletion(action);
    this.objects.set(object.metadata.uid, { resource, object, isDeleted });
    if (resource === 'pods' && object.kind === 'Pod') {
      this.logs.observe(object);
      this.events.runsOn(nodeOf(object));
    }
    this.watches.told(storageOf(resource, object), record, seq);
    if (isDeleted && this.#isUnplaced(object.metadata.uid)) this.#takeOrphan(record);
  }

  /** The states of one that is forgotten are in the journal, and of the story if its owner comes; its logs are not looked for. */
  #takeOrphan({ resource, object, observed: until }: ObjectRecord): void {
    const { uid, namespace = null, ownerReferences = [], creationTimestamp = '' } = object.metadata;
    const target = { storage: storageOf(resource, object), namespace };
    const first = this.watches.firstOf(uid) ?? until;
    const since = earlierOf(parseTimestamp(creationTimestamp), first);
    const owners = ownerReferences.map((owner) => owner.uid);
    const oldest = this.#orphans.remember({ uid, owners, target, since, until });
    if (oldest === undefined || !this.#isUnplaced(oldest.uid)) return;
    this.#orphans.forget(oldest);
    this.objects.delete(oldest.uid);
    this.scope.forget(oldest.uid);
  }

  #isUnplaced(uid: string): boolean {
    return this.scope.placementOf(uid) === 'unplaced';
  }

  #takeGap(gap: Gap): void {
    this.#doubted = this.#doubted.filter((doubted) => !isToldBy(doubted, gap));
    const key = openGapKey(gap);
    if (key === undefined) return;
    if (gap.isOpen === true) this.#openGaps.set(key, gap);
    else this.#openGaps.delete(key);
  }
}

function isToldBy({ resource, namespace, since, until }: DoubtedRecord, { of, from, to }: Gap): boolean {
  return 'resource' in of && of.resource === resource && of.namespace === namespace && from === since && to === until;
}
