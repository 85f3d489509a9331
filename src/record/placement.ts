import type { Reference } from '../graph/references.ts';
import { Scope } from '../graph/scope.ts';
import { nodeOf } from '../kube/node-settings.ts';
import { isDeletion, type ObjectAction } from '../model/action.ts';
import { aboutOf, nodeOfEvent } from '../model/event-about.ts';
import { field } from '../model/fields.ts';
import type { EventRecord, ObjectRecord, RelationRecord, Root } from '../model/record.ts';
import type { KubeObject } from '../model/resource.ts';
import { type Clock, timestampOf } from '../model/time.ts';
import type { RedactedObject, Redactor } from '../redact/redactor.ts';
import { EventCount } from './event-count.ts';
import type { Past } from './past.ts';
import { RelatedObjects, type SeenState } from './related.ts';

/** The newest recorded state of an object of the story, redacted. */
export interface RecordedObject {
  readonly resource: string;
  readonly object: KubeObject;
  readonly isDeleted: boolean;
}

export interface PlacementOptions {
  readonly roots: readonly Root[];
  readonly redactor: Redactor;
  readonly clock: Clock;
  readonly append: (record: ObjectRecord | EventRecord | RelationRecord) => void;
  /** Objects of the story name others, which explain them; absent where these are left out. */
  readonly want?: ((reference: Reference) => void) | undefined;
}

/**
 * Decides for each state whether it belongs to the story, and writes it down. States whose owner was not seen yet are
 * written too: whoever reads the journal places them when the owner comes.
 */
export class Placement {
  readonly #options: PlacementOptions;
  #scope: Scope;
  readonly #recorded = new Map<string, RecordedObject>();
  readonly #related: RelatedObjects | undefined;
  #events: EventCount;
  #revision = 0;

  constructor(options: PlacementOptions) {
    this.#options = options;
    this.#scope = new Scope(options.roots);
    this.#events = new EventCount(this.#scope.rootNames('nodes'));
    const { want, clock, append } = options;
    if (want === undefined) return;
    this.#related = new RelatedObjects({
      write: ({ resource, object, action }) => {
        this.#write(resource, object, action);
        this.#explain(object.metadata.uid);
      },
      relate: (relation) => append({ kind: 'relation', observed: timestampOf(clock.now()), ...relation }),
      want,
    });
  }

  /** Goes on with what a recorder had written that was killed. */
  restore({ scope, objects, relations, events }: Past): void {
    this.#scope = scope;
    this.#events = events;
    for (const [uid, recorded] of objects) this.#recorded.set(uid, recorded);
    this.#related?.restore(relations);
    for (const [uid, { isDeleted }] of objects) if (!isDeleted) this.#explain(uid);
    this.#revision += 1;
  }

  /** Rises with every state that is written down. */
  get revision(): number {
    return this.#revision;
  }

  get counts(): { readonly objects: number; readonly events: number } {
    return { objects: this.#recorded.size, events: this.#events.count };
  }

  get recorded(): Iterable<RecordedObject> {
    return this.#recorded.values();
  }

  /**
   * What was written down and has its place in the story only by objects of which nothing was: the owners were seen as metadata
   * alone, or not at all. Whoever reads the journal leaves it out.
   */
  *unowned(): Generator<RecordedObject> {
    const scope = new Scope(this.#options.roots);
    for (const recorded of this.#recorded.values()) scope.observe(recorded);
    for (const recorded of this.#recorded.values()) {
      const { uid } = recorded.object.metadata;
      if (scope.placementOf(uid) === 'unplaced' && this.#scope.placementOf(uid) !== 'outside') yield recorded;
    }
  }

  /** The roots, as they were seen last. */
  get roots(): readonly KubeObject[] {
    return [...this.#recorded.values()].flatMap(({ object }) =>
      this.#scope.isRoot(object.metadata.uid) ? [object] : [],
    );
  }

  recordedState(uid: string): RecordedObject | undefined {
    return this.#recorded.get(uid);
  }

  isMember(uid: string): boolean {
    return this.#scope.placementOf(uid) === 'member';
  }

  isUnplaced(uid: string): boolean {
    return this.#scope.placementOf(uid) === 'unplaced';
  }

  /** Learns an object's owners from its metadata; returns the UIDs that came into the story with it. */
  learn(resource: string, object: KubeObject): readonly string[] {
    const { placed } = this.#scope.observe({ resource, object });
    for (const uid of placed) this.#explain(uid);
    return placed;
  }

  /** What is outside of the story and gone need not be remembered. */
  forget(uid: string): void {
    // What was written down while its owner was not known, and proved to be a stranger's.
    if (!this.isMember(uid) && this.#related?.has(uid) !== true) this.#recorded.delete(uid);
    this.#scope.forget(uid);
    this.#related?.forget(uid);
  }

  /** Writes a whole state down if it may belong to the story; returns the UIDs that came into the story with it. */
  take(resource: string, object: KubeObject, action: ObjectAction): readonly string[] {
    const { placement, placed } = this.#scope.observe({ resource, object });
    if (placement !== 'outside') this.#write(resource, object, action);
    else this.#related?.take({ resource, object, action });
    for (const uid of new Set([...placed, object.metadata.uid])) this.#explain(uid);
    return placed;
  }

  /** Writes the state of an object down that objects of the story name, unless it is one of them itself. */
  takeReferenced(reference: Reference, state: SeenState): void {
    if (this.#scope.includes(state)) return; // the watch of its type tells it
    this.#related?.found(reference, state, this.#recorded.get(state.object.metadata.uid)?.object);
  }

  /** A relist proved that the object is gone; its last recorded state stands for the one that nobody saw. */
  takeMissing(uid: string): RecordedObject | undefined {
    const known = this.#recorded.get(uid);
    if (known !== undefined && !known.isDeleted)
      this.#append(known.resource, { object: known.object, redactions: 0 }, 'deletedUnseen');
    return known;
  }

  /**
   * Writes a Kubernetes Event down if what it is about belongs to the story, or may turn out to: pods of the story may come to run
   * on any Node.
   */
  takeEvent(object: KubeObject, action: ObjectAction): void {
    const about = aboutOf(object);
    const isOfNode = nodeOfEvent(object) !== undefined;
    if (!isOfNode && !this.#concerns(field(about, 'kind'), field(about, 'uid'))) return;
    this.#events.wrote(object);
    const { redactor, clock, append } = this.#options;
    append({ kind: 'event', observed: timestampOf(clock.now()), action, ...redactor.object(object) });
  }

  #concerns(kind: unknown, uid: unknown): boolean {
    if (typeof uid === 'string' && this.#scope.placementOf(uid) !== 'outside') return true;
    return this.#related?.mayExplain(kind, uid) === true;
  }

  #explain(uid: string): void {
    const recorded = this.#recorded.get(uid);
    const isMember = this.isMember(uid);
    if (recorded === undefined || !(isMember || this.#related?.has(uid) === true)) return;
    this.#related?.explain(recorded, { isRoot: this.#scope.isRoot(uid), isMember });
  }

  #write(resource: string, object: KubeObject, action: ObjectAction): void {
    const before = this.#recorded.get(object.metadata.uid)?.object;
    this.#append(resource, this.#options.redactor.object(object, before), action);
    if (resource === 'pods') this.#events.runsOn(nodeOf(object));
  }

  #append(resource: string, redacted: RedactedObject, action: ObjectAction): void {
    const { clock, append } = this.#options;
    const isDeleted = isDeletion(action);
    const { uid, resourceVersion } = redacted.object.metadata;
    const known = this.#recorded.get(uid);
    // A watch that goes on after a recorder was killed may tell again what that one had written.
    if (known?.isDeleted === true || (known?.object.metadata.resourceVersion === resourceVersion && !isDeleted)) return;
    this.#revision += 1;
    this.#recorded.set(uid, { resource, object: redacted.object, isDeleted });
    append({ kind: 'object', observed: timestampOf(clock.now()), action, resource, ...redacted });
  }
}
