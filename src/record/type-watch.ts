import type { Selection } from '../kube/client.ts';
import type { ApiError } from '../kube/error.ts';
import type { ClockSkew } from '../kube/server-clock.ts';
import { groupResourceOf, type ResourceType } from '../model/resource.ts';
import { millisecondsOf, type Timestamp, timestampOf } from '../model/time.ts';
import type { DoubtedRecord } from '../model/watch-records.ts';
import { LastHeard } from '../watch/last-heard.ts';
import { type ReflectorEvent, type ReflectorOptions, reflect } from '../watch/reflector.ts';
import { type Change, Store } from '../watch/store.ts';
import type { WatchPast } from './past-watches.ts';

/** A change as one watch tells it, with where the watch stood before it (undefined within its list). */
export type WatchedChange = Change<string> & {
  readonly before: string | undefined;
  readonly isRelist: boolean;
  /** Until when the watch is known to have missed nothing, before this change. To be asked for while it is told. */
  readonly heard: Timestamp;
};

/** States between two times may have been missed: the history was lost, or a list was cut short. */
export interface Doubt extends Pick<DoubtedRecord, 'since' | 'until' | 'changes' | 'error'> {
  /**
   * `late-type`: it was not served at first; `error`: its first list failed at first; `killed`: while no recorder ran;
   * `interrupted`: the capture ended first.
   */
  readonly cause: DoubtedRecord['cause'];
}

export interface WatchListener {
  change(change: WatchedChange): void;
  /** A list is complete; `doubt` is set where states before it may have been missed. */
  listed(resourceVersion: string, doubt: Doubt | undefined): void;
  /** What there is was told, or is refused. Called once; a watch that goes on from a position has told nothing before its first sign of life. */
  begun?(): void;
  /** The watch was ended before that, before a list had shown what it may have missed, while it failed, was refused from its first list on, or watched. */
  left(doubt: Doubt, during: 'beginning' | 'listing' | 'failing' | 'refused' | 'watching'): void;
  /** Nothing was missed up to this resourceVersion, and all of it was told; undefined: something may have been, and is listed now. */
  standsAt?(resourceVersion: string | undefined, heard?: Timestamp): void;
  /** Since `heard` it may have missed something. */
  trouble(event: Extract<ReflectorEvent, { type: 'denied' | 'failing' }>, heard: Timestamp): void;
}

/** What is to be watched, how, and who hears what else it tells. */
export interface WatchTarget extends Selection {
  readonly type: ResourceType;
  readonly from?: string;
  readonly listFrom?: boolean;
  /** Lists only to find out what is there; what is known to be of the story does not wait for that. */
  readonly isSearch?: true;
  /** From when on it is to tell what there is, where it may have to wait. */
  readonly wantedSince?: Timestamp;
  readonly heard?: Timestamp;
  /** How it goes on from the watch of a recorder that was killed; takes the place of `from` and `heard`. */
  readonly past?: WatchPast | undefined;
  readonly signal?: AbortSignal;
  /** Whether the story lacks something without it, where that does not go by its type. */
  readonly isNeeded?: boolean;
  readonly onListed?: (resourceVersion: string) => void;
  /** Since when objects may be missing that it has told, were all that was heard of them forgotten now. */
  readonly awaitedSince?: () => Timestamp | undefined;
  /** In place of the witness' own word. */
  readonly onDenied?: (error: ApiError, heard: Timestamp) => void;
  /** Hears what may have been missed, where that is not a gap of the story as it is. */
  readonly onDoubt?: (doubt: Doubt) => void;
}

export interface WatchOptions extends ReflectorOptions {
  /** By how much this clock is ahead of the server's. */
  readonly skew?: () => ClockSkew | undefined;
  readonly wantedSince?: Timestamp;
  /** Of a watch that goes on from another one's position: when that one was last heard of. */
  readonly heard?: Timestamp;
  readonly past?: WatchPast | undefined;
}

/** Secrets and ConfigMaps are only ever read as metadata: their data never reaches this process. */
const METADATA_ONLY = new Set(['secrets', 'configmaps']);

/** Runs one reflector and tells the listener what changed, repeats dropped, until the signal aborts. */
export function watchType(options: WatchOptions, listener: WatchListener, signal: AbortSignal): Promise<void> {
  return new TypeWatch(options, listener).run(signal);
}

/** Makes of a reflector's events what changed, and what may have been missed. */
class TypeWatch {
  readonly #options: WatchOptions;
  readonly #listener: WatchListener;
  readonly #store: Store<string>;
  readonly #heard: LastHeard;
  /** Where it begins; undefined: with a list. */
  readonly #from: string | undefined;
  /** It goes on from where another watch stood. */
  readonly #goesOn: boolean;
  readonly #wantedSince: Timestamp;
  /** Why states are missing, if any are. */
  #cause: Doubt['cause'];
  /** States may have been missed, and no list has shown yet what there is. */
  #doubt: Omit<Doubt, 'until'> | undefined;
  /** When the newest list was asked for, in milliseconds. */
  #listedFrom: number;
  #isRelist = false;
  #hasListed = false;
  #hasBegun = false;
  #isFailing = false;
  #isRefused = false;
  /** What it tells is of earlier than when it comes. */
  #isLate = false;

  constructor(options: WatchOptions, listener: WatchListener) {
    const { clock, skew, past } = options;
    const now = clock.now();
    const heardAt = past?.heard ?? options.heard;
    this.#options = options;
    this.#listener = listener;
    this.#store = new Store((object) => object.metadata.name, past?.known);
    this.#heard = new LastHeard(heardAt ?? timestampOf(now), () => skew?.()?.least);
    this.#from = past === undefined ? options.from : past.from;
    this.#goesOn = heardAt !== undefined;
    this.#wantedSince = options.wantedSince ?? timestampOf(now);
    // Until it was heard of for the first time, what it may have missed lies before this recorder.
    this.#cause = past === undefined ? 'expired' : 'killed';
    this.#listedFrom = now;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { type, listFrom } = this.#options;
    const from = this.#from;
    const metadataOnly = this.#options.metadataOnly === true || METADATA_ONLY.has(groupResourceOf(type));
    const how = { ...this.#options, metadataOnly, ...(from === undefined ? {} : { from }) };
    if (from !== undefined && listFrom !== true) this.#listener.standsAt?.(from, this.#heard.time);
    for await (const event of reflect(how, signal)) this.#take(event);
    this.#leave();
  }

  #take(event: ReflectorEvent): void {
    this.#lookForDoubt(event);
    if (event.type === 'init') this.#beginList(event);
    this.#tellChanges(event);
    if (event.type === 'initDone') this.#endList(event);
    if (event.type === 'denied' || event.type === 'failing')
      this.#listener.trouble(event, this.#doubt?.since ?? this.#heard.time);
    if (event.type === 'denied') this.#begin();
    const lives = isSignOfLife(event);
    this.#isRefused = event.type === 'denied' || (this.#isRefused && !lives);
    this.#isFailing = event.type === 'failing' || event.type === 'unanswered' || (this.#isFailing && !lives);
    if (lives && this.#doubt === undefined) this.#hear(event);
  }

  /** From some events on states may be missed. */
  #lookForDoubt(event: ReflectorEvent): void {
    if (this.#doubt !== undefined) return;
    // The capture begins without it: what comes and goes before its first list is not of before.
    const isFirst = this.#cause === 'expired' && this.#from === undefined && !this.#hasBegun;
    const failure = isFirst ? whyUnlisted(event) : undefined;
    if (event.type === 'lost' || isUnserved(event) || failure !== undefined)
      this.#doubtFrom(isFirst ? this.#wantedSince : this.#heard.time, failure);
  }

  #doubtFrom(since: Timestamp, failure?: Pick<Doubt, 'cause' | 'error'>): void {
    this.#listener.standsAt?.(undefined, since);
    this.#doubt = { changes: 0, since, cause: this.#cause, ...failure };
  }

  #beginList({ relist }: Extract<ReflectorEvent, { type: 'init' }>): void {
    // A list that was cut short goes on in the next one, and what changed between the two was not seen either.
    const wasCutShort = this.#hasListed && (this.#store.size > 0 || this.#from !== undefined);
    this.#listedFrom = this.#options.clock.now();
    this.#isRelist = relist;
    this.#hasListed = true;
    if (this.#doubt !== undefined) return;
    if (relist || wasCutShort || this.#cause === 'killed') this.#doubtFrom(this.#heard.time);
    else if (!this.#goesOn) this.#heard.listed(this.#listedFrom);
  }

  #tellChanges(event: ReflectorEvent): void {
    const [heard, isRelist] = [this.#heard, this.#isRelist];
    const before = event.type === 'apply' || event.type === 'delete' ? event.before : undefined;
    for (const change of this.#store.take(event)) {
      if (this.#doubt !== undefined) this.#doubt = { ...this.#doubt, changes: this.#doubt.changes + 1 };
      this.#listener.change({
        ...change,
        before,
        isRelist,
        get heard() {
          return heard.time;
        },
      });
    }
  }

  #endList({ resourceVersion }: Extract<ReflectorEvent, { type: 'initDone' }>): void {
    const doubt = this.#doubt && { ...this.#doubt, until: this.#now() };
    this.#listener.listed(resourceVersion, doubt && isRefuted(this.#options.type, doubt) ? undefined : doubt);
    this.#doubt = undefined;
    this.#isRelist = false;
  }

  /** Nothing was missed until this. */
  #hear(event: SignOfLife): void {
    const [heard, now] = [this.#heard, this.#options.clock.now()];
    const isCaughtUp = event.type === 'initDone' || event.type === 'alive';
    // What happened while no recorder ran comes first: such a change is not from now.
    if (this.#cause === 'killed' && !isCaughtUp) return;
    // A list of an earlier position shows nothing of what came behind it.
    const isOfBefore = event.type === 'initDone' && this.#goesOn && event.resourceVersion === this.#from;
    if (event.type === 'initDone' && !isOfBefore) heard.listed(this.#listedFrom);
    else if (event.type === 'alive') heard.stood(now);
    else if ('object' in event) heard.brought(event.object, now, { isDeleted: event.type === 'delete' });
    this.#cause = 'expired';
    // That a watch from before a change lives does not tell the change.
    if (event.type !== 'alive' || this.#options.past !== undefined) this.#begin();
    const hasTurned = heard.isLate !== this.#isLate;
    this.#isLate = heard.isLate;
    if (isCaughtUp || hasTurned)
      this.#listener.standsAt?.(positionAt(event), this.#isLate || isOfBefore ? heard.time : undefined);
  }

  #begin(): void {
    if (!this.#hasBegun) this.#listener.begun?.();
    this.#hasBegun = true;
  }

  /** It was ended. */
  #leave(): void {
    const [doubt, until] = [this.#doubt, this.#now()];
    const unheard = { since: this.#heard.time, until, changes: 0, cause: this.#cause };
    const hasTold = this.#hasBegun && doubt?.cause !== 'late-type' && doubt?.cause !== 'error';
    if (!hasTold) this.#listener.left({ ...unheard, ...this.#ofBeginning() }, 'beginning');
    else if (doubt !== undefined) this.#listener.left({ ...doubt, until }, 'listing');
    else if (this.#isRefused) this.#listener.left(unheard, 'refused');
    else this.#listener.left(unheard, this.#isFailing ? 'failing' : 'watching');
  }

  /** Since when all is missing that it was to tell, and why, where it told nothing. */
  #ofBeginning(): Pick<Doubt, 'cause'> & Partial<Pick<Doubt, 'since'>> {
    if (this.#options.past !== undefined) return { cause: 'killed' };
    return { cause: 'interrupted', ...(this.#from === undefined ? { since: this.#wantedSince } : {}) };
  }

  #now(): Timestamp {
    return timestampOf(this.#options.clock.now());
  }
}

/** What a first list came to that was not answered. */
function whyUnlisted(event: ReflectorEvent): Pick<Doubt, 'cause' | 'error'> | undefined {
  if (isUnserved(event)) return { cause: 'late-type' };
  return event.type === 'failing' ? { cause: 'error', error: event.error.message } : undefined;
}

function isUnserved(event: ReflectorEvent): boolean {
  return event.type === 'denied' && event.error.code === 'not-found';
}

/** What shows that a watch lives, and has missed nothing until then. */
type SignOfLife = Extract<ReflectorEvent, { type: 'initDone' | 'apply' | 'delete' | 'alive' }>;

const SIGNS_OF_LIFE: ReadonlySet<ReflectorEvent['type']> = new Set(['initDone', 'apply', 'delete', 'alive']);

function isSignOfLife(event: ReflectorEvent): event is SignOfLife {
  return SIGNS_OF_LIFE.has(event.type);
}

/** Where the watch stands with it. */
function positionAt(event: SignOfLife): string {
  return 'object' in event ? event.object.metadata.resourceVersion : event.resourceVersion;
}

/** The API server keeps Events for an hour, unless it is told otherwise. */
const EVENTS_LAST_MS = 30 * 60_000;

/**
 * Events are not cached by the API server, so that their watch hears nothing while there are none, and its position is
 * soon older than the history. But what has come meanwhile is still there: where a list shows nothing new, nothing was missed.
 */
function isRefuted({ resource }: ResourceType, { changes, since, until }: Doubt): boolean {
  return resource === 'events' && changes === 0 && millisecondsOf(until) - millisecondsOf(since) < EVENTS_LAST_MS;
}
