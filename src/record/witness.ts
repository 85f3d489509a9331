import { POINTING_TYPES } from '../graph/pointer.ts';
import type { Reference } from '../graph/references.ts';
import type { ApiError } from '../kube/error.ts';
import type { NodeSettings } from '../kube/node-settings.ts';
import type { LogFollowers } from '../logs/followers.ts';
import type { ObjectAction } from '../model/action.ts';
import type { JournalRecord, Root } from '../model/record.ts';
import { groupOf, groupResourceOf, type KubeObject, type ResourceType, storageOf } from '../model/resource.ts';
import { type Clock, earlierOf, laterOf, parseTimestamp, type Timestamp, timestampOf } from '../model/time.ts';
import { FailingWatches } from './failing-watches.ts';
import { NeededTypes } from './needed-types.ts';
import type { Past } from './past.ts';
import type { PastTarget } from './past-watches.ts';
import type { Placement, RecordedObject } from './placement.ts';
import type { RecordLog } from './record-log.ts';
import { Refusals } from './refusals.ts';
import type { Lateness, Standing, Unheard, Unkept, WatchedPlace, Witness } from './testimony.ts';
import { evidenceOf, LATE, type Lack, typeGap } from './type-gap.ts';
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

const UNTOLD = 'the recording ended before their watch had told all that there was';

/** Turns what the watches see into records and log followers, and what they cannot see into notes and gaps. */
export class RecorderWitness implements Witness {
  readonly #options: WitnessOptions;
  readonly #needed: NeededTypes;
  readonly #refusals: Refusals;
  readonly #failing: FailingWatches;
  /** Types that are asked for because they explain the story. */
  readonly #explaining = new Set(POINTING_TYPES);
  readonly #unexplained = new Set<string>();
  readonly #unheard = new UnheardTypes();
  readonly #beganAt: Timestamp;
  readonly #fatal = Promise.withResolvers<never>();

  constructor(options: WitnessOptions) {
    this.#options = options;
    this.#beganAt = this.#now();
    this.#needed = new NeededTypes(options.roots);
    const { clock, log } = options;
    const note = (text: string) => this.note(text);
    this.#refusals = new Refusals({
      isMissed: (storage) => this.#needed.isMissed(storage),
      gap: ({ storage: resource, namespace, since, error }, open) =>
        this.#gap({ resource, namespace, cause: 'forbidden', since, ...open }, error.message),
      note,
      log,
    });
    this.#failing = new FailingWatches({ clock, note, log });
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
      this.#needed.hasMember(storageOf(resource, object));
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
    if (placement.isMember(object.metadata.uid)) this.#needed.hasMember(storageOf(resource, object));
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
    return this.#needed.isEssential(groupResourceOf(type));
  }

  isNeeded(type: ResourceType): boolean {
    return this.#needed.isNeeded(groupResourceOf(type));
  }

  /** Whether objects of it are of the story, or come to be. */
  isOfFamily(type: ResourceType): boolean {
    return this.isEssential(type) || this.#needed.isOfStory(groupResourceOf(type));
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
    for (const { of, since, cause } of this.#unheard.needed) this.#gap({ ...of, since, cause }, UNTOLD);
    const others = this.#unheard.others;
    if (others.length > 0) this.note(`${others.join(', ')} that explain this story may be missing from it: ${UNTOLD}`);
  }

  /** What is of the story, or may be for all that was heard of its owners' kinds, is missing since it was made. */
  #lacksOwner({ resource, object }: RecordedObject, missed: ReadonlySet<string>): void {
    const { uid, namespace = null, ownerReferences = [], creationTimestamp = '' } = object.metadata;
    const { placement } = this.#options;
    if (!placement.isMember(uid) && !ownerReferences.some(({ kind }) => missed.has(kind))) return;
    const since = earlierOf(parseTimestamp(creationTimestamp), this.#now());
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
    { hasMembers = false, ...doubt }: Doubt & { readonly hasMembers?: boolean },
  ): void {
    const { since, until, cause, error } = doubt;
    const storage = groupResourceOf(type);
    const isOfStory = hasMembers || this.#needed.isOfStory(storage);
    if (this.#explaining.has(storage) && !isOfStory) {
      // That nobody recorded meanwhile is told once for all.
      if (cause === 'expired')
        this.note(`the watch of ${storage} lost its history: of those that explain this story, states may be missing`);
      if (cause === 'error')
        this.note(`${storage} that explain this story may be missing until ${until}: the first list failed (${error})`);
      return;
    }
    this.#gap({ resource: storage, namespace, cause, since, until }, evidenceOf(doubt));
  }

  doubted({ storage: resource, namespace }: PastTarget, doubt: Doubt): void {
    this.#options.append({ kind: 'doubted', observed: this.#now(), resource, namespace, ...doubt });
  }

  /** A type that was watched before the recorder was killed was not served again until the end. */
  unserved({ storage: resource, namespace }: PastTarget, since: Timestamp): void {
    if (this.#explaining.has(resource) && !this.#needed.isOfStory(resource)) return;
    this.#gap({ resource, namespace, cause: 'killed', since }, 'the server did not serve the type any more');
  }

  late({ storage: resource, namespace }: PastTarget, when: Lateness): void {
    this.#gap({ resource, namespace, cause: 'late-owner', ...when }, LATE.owner);
  }

  unkept({ storage: resource, namespace }: PastTarget, what: Unkept): void {
    this.#options.append({ kind: 'unkept', observed: this.#now(), resource, namespace, ...what });
  }

  denied(place: WatchedPlace, error: ApiError, since: Timestamp): void {
    this.#refusals.denied(place, error, since);
  }

  isRefused(place: WatchedPlace): boolean {
    return this.#refusals.isRefused(place);
  }

  readable(place: WatchedPlace): boolean {
    return this.#refusals.readable(place);
  }

  failing(type: ResourceType, error: Error): void {
    this.#failing.failing(type, error);
  }

  fatal(error: unknown): void {
    this.#fatal.reject(error);
  }

  /** Every first list was answered: what was refused is stated in one sentence. Returns how many types were. */
  synced(): number {
    this.#options.followers?.synced();
    return this.#refusals.synced();
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

  #gap(lack: Lack, evidence: string): void {
    const observed = this.#now();
    this.#options.append({ kind: 'gap', observed, gap: typeGap(lack, evidence, observed) });
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
