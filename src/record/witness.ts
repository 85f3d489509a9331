import { POINTING_TYPES } from '../graph/pointer.ts';
import type { Reference } from '../graph/references.ts';
import type { ApiError } from '../kube/error.ts';
import type { NodeSettings } from '../kube/node-settings.ts';
import type { LogFollowers } from '../logs/followers.ts';
import type { ObjectAction } from '../model/action.ts';
import type { GapCause, GapSubject } from '../model/gap.ts';
import type { JournalRecord, Root } from '../model/record.ts';
import { groupOf, groupResourceOf, type KubeObject, type ResourceType, storageOf } from '../model/resource.ts';
import { type Clock, earlierOf, laterOf, parseTimestamp, type Timestamp, timestampOf } from '../model/time.ts';
import { IdleError } from '../watch/idle.ts';
import { familyOf, mayBelong } from './families.ts';
import type { Past, PastTarget } from './past.ts';
import type { Placement, RecordedObject } from './placement.ts';
import type { RecordLog } from './record.ts';
import {
  type Lateness,
  placeKey,
  type Standing,
  type Unheard,
  type Unkept,
  type WatchedPlace,
  type Witness,
} from './testimony.ts';
import type { Doubt, WatchedChange } from './type-watch.ts';
import { UnheardTypes } from './unheard.ts';

export interface WitnessOptions {
  readonly roots: readonly Root[];
  readonly placement: Placement;
  readonly followers: LogFollowers | undefined;
  readonly nodes: NodeSettings;
  readonly clock: Clock;
  readonly append: (record: JournalRecord) => void;
  readonly log: RecordLog;
}

/** What the user may not read. */
interface Denial {
  /** Empty where the type is not served. */
  readonly storage: string;
  readonly namespace: string | null;
  readonly since: Timestamp;
  readonly error: ApiError;
  /** Without it the story lacks what its reader came for; else the refusal is a note. */
  readonly isGap: boolean;
}

/** Without these a story lacks what its reader came for, so that their refusal is a gap and not only a note. */
const ESSENTIAL = new Set(['pods', 'events', 'events.events.k8s.io']);

/** What is missing where something came late. */
const LATE = {
  type: 'the type appeared during the capture; states of its objects before its first list cannot be had',
  owner:
    'objects were seen long before their owner, which tells that they are of the story; their first states, or their logs, were not kept',
} as const;

const UNLISTED = 'the recording ended before they were listed for the first time';

/** Watches that fail within so long of each other fail for one reason, e.g. a restart of the API server: it is told once. */
const SAME_TROUBLE_MS = 60_000;

/** Turns what the watches see into records and log followers, and what they cannot see into notes and gaps. */
export class RecorderWitness implements Witness {
  readonly #options: WitnessOptions;
  readonly #denied = new Map<string, Denial>();
  readonly #failing = new Set<string>();
  /** When a watch failed that had not before, in milliseconds. */
  #failedAt = Number.NEGATIVE_INFINITY;
  /** Types that are asked for because they explain the story. */
  readonly #explaining = new Set(POINTING_TYPES);
  readonly #unexplained = new Set<string>();
  readonly #membersOf = new Set<string>();
  readonly #unheard = new UnheardTypes();
  readonly #beganAt: Timestamp;
  readonly #fatal = Promise.withResolvers<never>();
  #isSynced = false;

  constructor(options: WitnessOptions) {
    this.#options = options;
    this.#beganAt = this.#now();
    this.#fatal.promise.catch(() => undefined); // whoever awaits it hears it; nobody may be waiting yet
  }

  /** Rejects when the recorder cannot go on. */
  get failure(): Promise<never> {
    return this.#fatal.promise;
  }

  /** Goes on with what a recorder had seen that was killed. */
  restore(past: Past): void {
    const { placement, followers, nodes } = this.#options;
    const now = this.#now();
    for (const { isOpen: _, ...gap } of past.openGaps)
      this.#options.append({ kind: 'gap', observed: now, gap: { ...gap, to: now } });
    placement.restore(past);
    for (const [uid, { resource, object, isDeleted }] of past.objects) {
      if (!placement.isMember(uid)) continue;
      this.#membersOf.add(storageOf(resource, object));
      if (!isPod(resource, object)) continue;
      nodes.want(object);
      followers?.restore(object, { isDeleted });
    }
  }

  learn(resource: string, object: KubeObject): readonly string[] {
    const placed = this.#options.placement.learn(resource, object);
    // What was written down before its owner was seen may never change again.
    for (const uid of placed) this.#followLogs(uid);
    return placed;
  }

  forget(uid: string): void {
    this.#options.placement.forget(uid);
  }

  isUnplaced(uid: string): boolean {
    return this.#options.placement.isUnplaced(uid);
  }

  state(resource: string, change: WatchedChange): readonly string[] {
    const { placement, followers } = this.#options;
    if (change.type === 'deletedUnseen') {
      const known = placement.takeMissing(change.uid);
      if (known === undefined) placement.forget(change.uid);
      else if (isPod(known.resource, known.object)) followers?.podDeleted(known.object, { isLast: false });
      return [];
    }
    const { object } = change;
    const placed = placement.take(resource, object, actionOf(change));
    if (placement.isMember(object.metadata.uid)) this.#membersOf.add(storageOf(resource, object));
    for (const uid of new Set([...placed, object.metadata.uid])) this.#followLogs(uid);
    const { uid } = object.metadata;
    // One whose owner was not seen yet may come into the story with it.
    if (change.type === 'deleted' && !placement.isMember(uid) && !placement.isUnplaced(uid)) placement.forget(uid);
    return placed;
  }

  event(change: WatchedChange): void {
    if (change.type !== 'deletedUnseen' && change.type !== 'deleted')
      this.#options.placement.takeEvent(change.object, actionOf(change));
  }

  referenced(reference: Reference, resource: string, change: WatchedChange): void {
    const { placement } = this.#options;
    if (change.type === 'deletedUnseen') placement.takeMissing(change.uid);
    else placement.takeReferenced(reference, { resource, object: change.object, action: actionOf(change) });
  }

  explains(type: ResourceType): void {
    this.#explaining.add(groupResourceOf(type));
  }

  /** What explains a workload is not part of it: a refusal is a note, and the story as complete as without. */
  unexplained(type: ResourceType, error: ApiError): void {
    const storage = groupResourceOf(type);
    if (this.#unexplained.has(storage)) return;
    this.#unexplained.add(storage);
    this.#options.log.warn({ resource: storage, status: error.status }, 'not readable');
    this.note(`${storage} that explain this story may be missing from it: ${error.message}`);
  }

  isEssential(type: ResourceType): boolean {
    return this.#isEssential(groupResourceOf(type));
  }

  isNeeded(type: ResourceType): boolean {
    const storage = groupResourceOf(type);
    return this.isEssential(type) || this.#membersOf.has(storage) || mayBelong(storage, this.#options.roots);
  }

  hasState(uid: string): boolean {
    return this.#options.placement.recordedState(uid) !== undefined;
  }

  unheard(type: ResourceType, namespace: string | null, unheard: Unheard): void {
    this.#unheard.take({ resource: groupResourceOf(type), namespace }, unheard);
  }

  /** The capture is over: what was never heard of is stated. `missedKinds`: of these some objects may not have been. */
  ended(missedKinds: ReadonlySet<string>): void {
    for (const recorded of this.#options.placement.unowned()) this.#lacksOwner(recorded, missedKinds);
    for (const { of, since, cause } of this.#unheard.needed) this.#gap({ ...of, since, cause }, UNLISTED);
    const others = this.#unheard.others;
    if (others.length > 0)
      this.note(`${others.join(', ')} that explain this story may be missing from it: ${UNLISTED}`);
  }

  /** What is of the story, or may be for all that was heard of its owners' kinds, is missing since it was made. */
  #lacksOwner({ resource, object }: RecordedObject, missed: ReadonlySet<string>): void {
    const { uid, namespace = null, ownerReferences = [], creationTimestamp = '' } = object.metadata;
    const { placement } = this.#options;
    if (!placement.isMember(uid) && !ownerReferences.some(({ kind }) => missed.has(kind))) return;
    const since = earlierOf(parseTimestamp(creationTimestamp) ?? this.#now(), this.#now());
    const unheard = { since: laterOf(since, this.#beganAt), cause: 'interrupted', isNeeded: true } as const;
    this.#unheard.take({ resource: storageOf(resource, object), namespace }, unheard);
  }

  stands(
    { storage: resource, namespace, name, selector }: PastTarget,
    { resourceVersion, heard, isMetadata = false }: Standing,
  ): void {
    const named = name === undefined ? {} : { name };
    const selected = selector === undefined ? {} : { selector };
    const target = { resource, namespace, ...named, ...selected };
    const at = resourceVersion === undefined ? {} : { resourceVersion };
    this.#options.append({
      kind: 'watched',
      observed: this.#now(),
      ...target,
      ...at,
      ...(heard === undefined ? {} : { heard }),
      ...(isMetadata ? { isMetadata } : {}),
    });
  }

  relisted(
    type: ResourceType,
    namespace: string | null,
    { since, until, changes, cause, hasMembers = false }: Doubt & { readonly hasMembers?: boolean },
  ): void {
    const storage = groupResourceOf(type);
    const isOfStory = hasMembers || this.#membersOf.has(storage) || ESSENTIAL.has(storage);
    if (this.#explaining.has(storage) && !isOfStory) {
      // That nobody recorded meanwhile is told once for all.
      if (cause === 'expired')
        this.note(`the watch of ${storage} lost its history: of those that explain this story, states may be missing`);
      return;
    }
    if (cause === 'late-type') {
      this.late({ storage, namespace }, { of: 'type', since, until });
      return;
    }
    const what = `a new list shows ${changes} changes, and what came and went meanwhile is unknown`;
    const nobody = cause === 'killed' ? 'nobody recorded for a time, and ' : '';
    this.#gap(
      { resource: storage, namespace, cause, since, until },
      `${nobody}the watch could not go on from where it was; ${what}`,
    );
  }

  doubted({ storage: resource, namespace }: PastTarget, doubt: Doubt): void {
    this.#options.append({ kind: 'doubted', observed: this.#now(), resource, namespace, ...doubt });
  }

  /** A type that was watched before the recorder was killed was not served again until the end. */
  unserved({ storage: resource, namespace }: PastTarget, since: Timestamp): void {
    if (this.#explaining.has(resource) && !this.#membersOf.has(resource)) return;
    this.#gap({ resource, namespace, cause: 'killed', since }, 'the server did not serve the type any more');
  }

  late({ storage: resource, namespace }: PastTarget, { of, ...when }: Lateness): void {
    this.#gap({ resource, namespace, cause: `late-${of}`, ...when }, LATE[of]);
  }

  unkept({ storage: resource, namespace }: PastTarget, what: Unkept): void {
    this.#options.append({ kind: 'unkept', observed: this.#now(), resource, namespace, ...what });
  }

  denied({ type, namespace, name }: WatchedPlace, error: ApiError, since: Timestamp): void {
    const storage = groupResourceOf(type);
    const key = placeKey({ type, namespace, name });
    const isMissing = error.code === 'not-found';
    const known = this.#denied.get(key);
    // Of a type that is refused and then not served no more is to be said; but of one that is served again, and refused.
    if (known !== undefined && (isMissing || known.storage !== '')) return;
    const isGap = !isMissing && (name !== undefined || this.#isMissed(storage));
    const denial = { storage: isMissing ? '' : storage, namespace, since, error, isGap };
    const isTold = isGap && this.#isOpen(denial);
    this.#denied.set(key, denial);
    this.#options.log.warn({ resource: storage, namespace, status: error.status }, 'not readable');
    if (isMissing)
      this.note(`the server does not serve ${storage}${this.#isSynced ? ' any more' : ''}; it is asked again`);
    else if (isGap && !isTold) this.#refusal(denial, { isOpen: true });
    else if (!isGap && this.#isSynced) this.note(`${storage} can no longer be read: ${error.message}`);
  }

  isRefused(place: WatchedPlace): boolean {
    return this.#denied.get(placeKey(place))?.isGap === true;
  }

  readable(place: WatchedPlace): boolean {
    const denied = this.#denied.get(placeKey(place));
    if (denied === undefined) return false;
    this.#denied.delete(placeKey(place));
    const { isGap } = denied;
    if (isGap && !this.#isOpen(denied)) this.#refusal(denied);
    this.note(`${groupResourceOf(place.type)} can be read now`);
    return isGap;
  }

  #refusal({ storage: resource, namespace, since, error }: Denial, open: { readonly isOpen?: true } = {}): void {
    this.#gap({ resource, namespace, cause: 'forbidden', since, ...open }, error.message);
  }

  /** Whether the gap of a refusal is that of another one, too: of a whole type, or an object of it that is watched by itself. */
  #isOpen({ storage, namespace, since }: Denial): boolean {
    return [...this.#denied.values()].some(
      (other) => other.isGap && other.storage === storage && other.namespace === namespace && other.since === since,
    );
  }

  #isEssential(storage: string): boolean {
    return ESSENTIAL.has(storage) || familyOf(this.#options.roots).includes(storage);
  }

  /** Whether objects of the story are missing where a whole type may not be read. */
  #isMissed(storage: string): boolean {
    if (storage === 'pods' || this.#membersOf.has(storage)) return mayBelong(storage, this.#options.roots);
    return this.#isEssential(storage);
  }

  failing(type: ResourceType, error: Error): void {
    const storage = groupResourceOf(type);
    const said = { resource: storage, error: error.message };
    // Quiet Events sound like a dead connection: nothing tells that their watch is alive. If it was dead, the next one says so.
    if (error instanceof IdleError) {
      this.#options.log.info(said, 'silent watch, will be opened anew');
      return;
    }
    this.#options.log.warn(said, 'watch failing, will be tried again');
    if (this.#failing.has(storage)) return;
    this.#failing.add(storage);
    const now = this.#options.clock.now();
    const isSameTrouble = now - this.#failedAt < SAME_TROUBLE_MS;
    this.#failedAt = now;
    if (!isSameTrouble)
      this.note(`watches failed and are tried again, the first of them that of ${storage}: ${error.message}`);
  }

  fatal(error: unknown): void {
    this.#fatal.reject(error);
  }

  /** Every first list was answered: what was refused is stated in one sentence. Returns how many types were. */
  synced(): number {
    this.#isSynced = true;
    this.#options.followers?.synced();
    const denied = [...this.#denied.values()].map(({ storage }) => storage);
    const storages = [...new Set(denied)].filter((storage) => storage !== '').sort();
    if (storages.length > 0)
      this.note(`not readable by this user, so that objects of these types are missing: ${storages.join(', ')}`);
    return storages.length;
  }

  note(text: string): void {
    this.#options.append({ kind: 'note', observed: this.#now(), text });
  }

  #followLogs(uid: string): void {
    const { placement, followers, nodes } = this.#options;
    const recorded = placement.recordedState(uid);
    if (followers === undefined || recorded === undefined || !placement.isMember(uid)) return;
    if (!isPod(recorded.resource, recorded.object)) return;
    nodes.want(recorded.object);
    followers.observe(recorded.object);
    // A pod may have gone before its owner was seen, and it came into the story with that.
    if (recorded.isDeleted) followers.podDeleted(recorded.object);
  }

  #gap(
    of: Extract<GapSubject, { resource: string }> & {
      readonly cause: GapCause;
      readonly since: Timestamp;
      readonly until?: Timestamp;
      readonly isOpen?: true;
    },
    evidence: string,
  ): void {
    const observed = this.#now();
    const { resource, namespace, cause, since: from, until: to = observed, isOpen } = of;
    const open = isOpen === undefined ? {} : { isOpen };
    const certainty = cause === 'forbidden' ? 'known' : 'suspected';
    this.#options.append({
      kind: 'gap',
      observed,
      gap: { of: { resource, namespace }, from, to, certainty, cause, evidence, ...open },
    });
  }

  #now(): Timestamp {
    return timestampOf(this.#options.clock.now());
  }
}

function actionOf(change: Exclude<WatchedChange, { type: 'deletedUnseen' }>): ObjectAction {
  return change.type === 'found' && change.isRelist ? 'created' : change.type;
}

function isPod(resource: string, object: KubeObject): boolean {
  return resource === 'pods' && groupOf(object.apiVersion) === '';
}
