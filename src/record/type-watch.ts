import type { Selection } from '../kube/client.ts';
import type { ApiError } from '../kube/error.ts';
import type { ClockSkew } from '../kube/server-clock.ts';
import { groupResourceOf, type ResourceType } from '../model/resource.ts';
import { millisecondsOf, type Timestamp, timestampOf } from '../model/time.ts';
import type { DoubtedRecord } from '../model/watch-records.ts';
import { LastHeard } from '../watch/last-heard.ts';
import type { ReflectorEvent, ReflectorOptions } from '../watch/reflector.ts';
import { reflect } from '../watch/reflector.ts';
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
export async function watchType(options: WatchOptions, listener: WatchListener, signal: AbortSignal): Promise<void> {
  const { clock, skew, type, past, wantedSince = timestampOf(options.clock.now()), ...rest } = options;
  const metadataOnly = options.metadataOnly === true || METADATA_ONLY.has(groupResourceOf(type));
  const from = past === undefined ? options.from : past.from;
  const how = { ...rest, clock, type, metadataOnly, ...(from === undefined ? {} : { from }) };
  const store = new Store((object) => object.metadata.name, past?.known);
  let doubt: Omit<Doubt, 'until'> | undefined;
  let isRelist = false;
  let hasListed = false;
  let hasBegun = false;
  let isFailing = false;
  let isRefused = false;
  let isLate = false;
  // Until it was heard of for the first time, what it may have missed lies before this recorder.
  let cause: Doubt['cause'] = past === undefined ? 'expired' : 'killed';
  const heardAt = past?.heard ?? options.heard;
  const heard = new LastHeard(heardAt ?? timestampOf(clock.now()), () => skew?.()?.least);
  let listedFrom = clock.now();
  if (from !== undefined && options.listFrom !== true) listener.standsAt?.(from, heard.time);
  for await (const event of reflect(how, signal)) {
    // The capture begins without it: what comes and goes before its first list is not of before.
    const isFirst = cause === 'expired' && from === undefined && !hasBegun;
    const failure = isFirst ? whyUnlisted(event) : undefined;
    if (doubt === undefined && (event.type === 'lost' || isUnserved(event) || failure !== undefined)) {
      const since = isFirst ? wantedSince : heard.time;
      listener.standsAt?.(undefined, since);
      doubt = { changes: 0, since, cause, ...failure };
    }
    if (event.type === 'init') {
      listedFrom = clock.now();
      isRelist = event.relist;
      // A list that was cut short goes on in the next one, and what changed between the two was not seen either.
      const wasCutShort = hasListed && (store.size > 0 || from !== undefined);
      const isInDoubt = event.relist || wasCutShort || cause === 'killed';
      if (isInDoubt && doubt === undefined) listener.standsAt?.(undefined, heard.time);
      if (isInDoubt) doubt ??= { changes: 0, since: heard.time, cause };
      else if (heardAt === undefined && doubt === undefined) heard.listed(listedFrom);
      hasListed = true;
    }
    const before = event.type === 'apply' || event.type === 'delete' ? event.before : undefined;
    for (const change of store.take(event)) {
      if (doubt !== undefined) doubt = { ...doubt, changes: doubt.changes + 1 };
      listener.change({
        ...change,
        before,
        isRelist,
        get heard() {
          return heard.time;
        },
      });
    }
    if (event.type === 'initDone') {
      const told = doubt && { ...doubt, until: timestampOf(clock.now()) };
      listener.listed(event.resourceVersion, told && isRefuted(type, told) ? undefined : told);
      doubt = undefined;
      isRelist = false;
    } else if (event.type === 'denied' || event.type === 'failing') listener.trouble(event, doubt?.since ?? heard.time);
    if (event.type === 'denied') begin();
    isRefused = event.type === 'denied' || (isRefused && !isSignOfLife(event));
    isFailing = event.type === 'failing' || event.type === 'unanswered' || (isFailing && !isSignOfLife(event));
    if (doubt !== undefined || !isSignOfLife(event)) continue;
    const isCaughtUp = event.type === 'initDone' || event.type === 'alive';
    // What happened while no recorder ran comes first: such a change is not from now.
    if (cause === 'killed' && !isCaughtUp) continue;
    // A list of an earlier position shows nothing of what came behind it.
    const isOfBefore = event.type === 'initDone' && heardAt !== undefined && event.resourceVersion === from;
    if (event.type === 'initDone' && !isOfBefore) heard.listed(listedFrom);
    else if (event.type === 'alive') heard.stood(clock.now());
    else if ('object' in event) heard.brought(event.object, clock.now(), { isDeleted: event.type === 'delete' });
    cause = 'expired';
    // That a watch from before a change lives does not tell the change.
    if (event.type !== 'alive' || past !== undefined) begin();
    // What it tells from then on is of earlier than when it comes.
    const hasTurned = heard.isLate !== isLate;
    isLate = heard.isLate;
    if (isCaughtUp || hasTurned) listener.standsAt?.(positionAt(event), isLate || isOfBefore ? heard.time : undefined);
  }
  const until = timestampOf(clock.now());
  const unheard = { since: heard.time, until, changes: 0, cause };
  const hasTold = hasBegun && doubt?.cause !== 'late-type' && doubt?.cause !== 'error';
  const ofBeginning =
    past === undefined
      ? ({ since: from === undefined ? wantedSince : heard.time, cause: 'interrupted' } as const)
      : ({ cause: 'killed' } as const);
  if (!hasTold) listener.left({ ...unheard, ...ofBeginning }, 'beginning');
  else if (doubt !== undefined) listener.left({ ...doubt, until }, 'listing');
  else if (isRefused) listener.left(unheard, 'refused');
  else listener.left(unheard, isFailing ? 'failing' : 'watching');

  function begin(): void {
    if (!hasBegun) listener.begun?.();
    hasBegun = true;
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
