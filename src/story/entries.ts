import { controllerOf, type LineageInput, lineagesOf } from '../graph/lineage.ts';
import type { JournalEntry } from '../journal/reader.ts';
import { instancesOf } from '../logs/instances.ts';
import { isDeletion } from '../model/action.ts';
import { aboutOf } from '../model/event-about.ts';
import { field, path, textOf } from '../model/fields.ts';
import { type Gap, gapKey, openGapKey } from '../model/gap.ts';
import { type InstanceState, instanceName } from '../model/instance.ts';
import type { EventRecord, ObjectRecord } from '../model/record.ts';
import type { KubeObject } from '../model/resource.ts';
import { laterOf, type Timestamp } from '../model/time.ts';
import { changesOf, type ToldChange } from './changes.ts';
import { Containers, given } from './containers.ts';
import type { StoryGap, StoryObject } from './document.ts';
import { type EntryTime, finerOf, timeOfEvent, timeOfState, timesOfEvent } from './object-time.ts';
import { keyAfter, keyAt, type OrderKey, placeAt } from './order.ts';
import { diff } from './patch.ts';
import { PreparedEntries } from './prepared.ts';
import { countRedactions } from './redactions.ts';
import { relationsOf, rootsOf } from './relations.ts';
import type { Survey } from './survey.ts';

interface ObjectDraft {
  readonly uid: string;
  readonly resource: string;
  readonly order: number;
  state: KubeObject;
  /** Of a pod, those that its state tells of. */
  instances: readonly InstanceState[];
  readonly firstSeen: Timestamp;
  lastSeen: Timestamp;
  deletedTime: Timestamp | undefined;
  deletedOrder: number | undefined;
  key: OrderKey;
}

/** Makes everything of the story that is not a log line: entries, objects, containers, gaps. */
export class Entries {
  readonly #survey: Survey;
  readonly containers: Containers;
  readonly prepared = new PreparedEntries();
  readonly gaps: StoryGap[] = [];
  /** A short sentence for each gap, for `metadata.incomplete`. */
  readonly gapTexts: string[] = [];
  /** Containers of which a run ended, by their index: a verdict may quote their last lines. */
  readonly ended = new Set<number>();
  readonly #openGaps = new Map<string, number>();
  readonly #objects = new Map<string, ObjectDraft>();
  #order = 0;
  #events = 0;
  readonly #redactions = { objects: new Map<string, number>(), events: new Map<string, number>() };

  constructor(survey: Survey) {
    this.#survey = survey;
    this.containers = new Containers(survey);
  }

  get counts() {
    return { events: this.#events };
  }

  /** What was taken out of objects and Events, by what it was. */
  get redactions(): { readonly objects: ReadonlyMap<string, number>; readonly events: ReadonlyMap<string, number> } {
    return this.#redactions;
  }

  take({ record, seq }: JournalEntry): void {
    this.#order = seq;
    switch (record.kind) {
      case 'object':
        if (this.#survey.members.has(record.object.metadata.uid)) this.#takeObject(record);
        return;
      case 'event':
        this.#takeEvent(record);
        return;
      case 'gap':
        if (!this.#survey.withdrawn.has(gapKey(record.gap))) this.takeGap(record.gap, record.observed);
        return;
      case 'note':
        this.takeNote(record.text, record.observed);
        return;
      case 'resume':
        this.takeNote(
          `the recorder was killed after ${record.after}; another one went on here, and fetched what it could of what happened meanwhile`,
          record.time,
        );
        return;
      default:
        return;
    }
  }

  /** A run whose log was read is of the story, though the states that told of it may be missing. */
  takeLogs(): void {
    const { logs, members } = this.#survey;
    for (const { instance } of logs.values()) if (members.has(instance.podUid)) this.containers.indexOf(instance);
  }

  takeNote(text: string, observed: Timestamp): void {
    this.#push(keyAt(observed), { time: observed, timeSource: 'observed', observed, type: 'note', text });
  }

  takeGap(gap: Gap, observed: Timestamp): void {
    const { from, certainty, cause, evidence } = gap;
    const index = this.gaps.length;
    const { end, lastObserved } = this.#survey;
    const to = gap.isOpen === true ? laterOf(from, end?.time ?? lastObserved) : gap.to;
    if (this.#close(gap, to)) return;
    const isLog = 'container' in gap.of;
    if ('container' in gap.of) {
      if (!this.#survey.members.has(gap.of.container.podUid)) return;
      this.containers.addGap(gap.of.container, index);
    }
    const of = 'container' in gap.of ? { container: this.containers.indexOf(gap.of.container) } : gap.of;
    this.gapTexts.push(describeGap(gap));
    this.gaps.push({ of, from, to, certainty, cause, evidence });
    this.#push(keyAt(from), { time: from, timeSource: isLog ? 'log' : 'observed', observed, type: 'gap', gap: index });
  }

  /** Whether a gap is the end of one that was left open, or goes on with it. */
  #close(gap: Gap, to: Timestamp): boolean {
    const key = openGapKey(gap);
    if (key === undefined) return false;
    const open = this.#openGaps.get(key);
    const known = open === undefined ? undefined : this.gaps[open];
    if (open === undefined || known === undefined) {
      if (gap.isOpen === true) this.#openGaps.set(key, this.gaps.length);
      return false;
    }
    this.gaps[open] = { ...known, to };
    return true;
  }

  /** The objects of the story, once nothing more is taken: their last states are forgotten, which are large. */
  finishObjects(): StoryObject[] {
    const drafts = [...this.#objects.values()];
    this.#objects.clear();
    const lineages = lineagesOf(drafts.map((draft) => this.#lineageInput(draft)));
    return drafts.map((draft) => this.#object(draft, lineages.get(draft.uid)));
  }

  #takeObject(record: ObjectRecord): void {
    const { object, observed, action } = record;
    const { uid } = object.metadata;
    const draft = this.#objects.get(uid);
    const previous = draft?.state;
    const { manager, ...when } = timeOfState(record, previous);
    countRedactions(this.#redactions.objects, record);
    const told = draft?.instances ?? [];
    const instances = object.kind === 'Pod' ? instancesOf(object) : [];
    this.containers.observe(instances);
    const before = draft?.key;
    const key = keyAfter(before, when.time);
    if (draft === undefined) this.#objects.set(uid, { ...this.#newDraft(record, key), instances });
    else Object.assign(draft, { state: object, instances, lastSeen: observed, key });
    const isGone = isDeletion(action);
    const known = this.#objects.get(uid);
    if (known !== undefined && (isGone || object.metadata.deletionTimestamp !== undefined))
      known.deletedOrder ??= this.#order;
    if (known !== undefined && isGone) known.deletedTime = observed;
    const entry = {
      ...when,
      observed,
      type: 'object',
      object: this.#survey.members.get(uid),
      action,
      resourceVersion: object.metadata.resourceVersion,
      ...given('manager', manager),
      ...(previous === undefined ? { state: object } : { patch: diff(previous, object) }),
    };
    this.#push(key, entry, object);
    const instancesIn = (pod: KubeObject) => (pod === object ? instances : told);
    for (const change of changesOf({ previous, current: object, action }, instancesIn))
      this.#takeChange(change, { record, when, key, before });
  }

  #newDraft({ object, resource, observed }: ObjectRecord, key: OrderKey): Omit<ObjectDraft, 'instances'> {
    const { uid } = object.metadata;
    const times = { firstSeen: observed, lastSeen: observed, deletedTime: undefined, deletedOrder: undefined };
    return { uid, resource, order: this.#order, state: object, key, ...times };
  }

  #takeChange(
    { what, time: own, run, details }: ToldChange,
    cause: { record: ObjectRecord; when: EntryTime; key: OrderKey; before: OrderKey | undefined },
  ): void {
    const { object, observed } = cause.record;
    const when = this.#whenChanged(own, cause.when, { observed, isRun: run !== undefined });
    let key = own === undefined ? cause.key : keyAt(when.time);
    if (run !== undefined && what !== 'terminated')
      key = this.containers.started(run, when.time, { before: cause.before, order: this.#order });
    if (run !== undefined && what === 'terminated') {
      key = this.containers.terminated(run, when.time);
      this.ended.add(this.containers.indexOf(run));
    }
    this.#push(key, {
      ...when,
      observed,
      type: 'lifecycle',
      object: this.#survey.members.get(object.metadata.uid),
      ...details,
      ...(run === undefined ? {} : { container: this.containers.indexOf(run) }),
    });
  }

  /** The start and end of a container's run keep the kubelet's own second: its lines lie within it. */
  #whenChanged(
    own: Timestamp | undefined,
    state: EntryTime,
    about: { observed: Timestamp; isRun: boolean },
  ): EntryTime {
    if (own === undefined) return state;
    if (!about.isRun) return finerOf(own, 'status', about.observed);
    return { time: own, timeSource: 'status', ...(own.endsWith('.000000000Z') ? { precision: '1s' } : {}) };
  }

  #takeEvent(record: EventRecord): void {
    const { object: event, observed } = record;
    const about = aboutOf(event);
    const uid = textOf(field(about, 'uid'));
    const [kind = '', name = ''] = [textOf(field(about, 'kind')), textOf(field(about, 'name'))];
    const { members, nodes } = this.#survey;
    const node = kind === 'Node' && !members.has(uid ?? '') ? name : undefined;
    const object = node === undefined ? members.get(uid ?? '') : nodes.get(node);
    if (object === undefined && !(node !== undefined && nodes.has(node))) return;
    this.#events += 1;
    countRedactions(this.#redactions.events, record);
    const when = timeOfEvent(event, observed);
    this.#push(keyAt(when.time), {
      ...when,
      observed,
      type: 'event',
      object: object ?? null,
      about: { kind, name, ...given('fieldPath', textOf(field(about, 'fieldPath'))) },
      reason: textOf(event.reason) ?? '',
      eventType: textOf(event.type) ?? '',
      count: timesOfEvent(event),
      reporter:
        textOf(event.reportingComponent) ??
        textOf(event.reportingController) ??
        textOf(path(event, 'source', 'component')) ??
        '',
      message: textOf(event.message) ?? textOf(event.note) ?? '',
      event: event.metadata.uid,
    });
  }

  #push(key: OrderKey, entry: object, state?: KubeObject): void {
    this.prepared.push(placeAt(key, this.#order), { entry, state });
  }

  #lineageInput({ uid, state, order, deletedOrder }: ObjectDraft): LineageInput {
    const controller = controllerOf(state);
    const isInStory = controller !== undefined && this.#survey.members.has(controller.uid);
    return {
      uid,
      kind: state.kind,
      name: state.metadata.name,
      isRoot: this.#survey.scope.isRoot(uid),
      controller: isInStory ? controller.uid : undefined,
      controllerKind: controller?.kind,
      order,
      deletedOrder,
    };
  }

  #object(draft: ObjectDraft, lineage: { replaces: string | undefined; lineage: string } | undefined): StoryObject {
    const { uid, state, resource, firstSeen, lastSeen, deletedTime } = draft;
    const { metadata, apiVersion, kind } = state;
    const owners = metadata.ownerReferences?.flatMap((owner) => this.#survey.members.get(owner.uid) ?? []) ?? [];
    const replaces = lineage?.replaces === undefined ? undefined : this.#survey.members.get(lineage.replaces);
    return {
      apiVersion,
      kind,
      resource,
      namespace: metadata.namespace ?? null,
      name: metadata.name,
      uid,
      roots: rootsOf(this.#survey, uid),
      owners,
      ...given('related', relationsOf(this.#survey, uid)),
      lineage: lineage?.lineage ?? metadata.name,
      ...given('replaces', replaces),
      firstSeen,
      lastSeen,
      ...given('deletedTime', deletedTime),
    };
  }
}

function describeGap(gap: Gap): string {
  const what =
    'container' in gap.of
      ? `the log of ${instanceName(gap.of.container)}`
      : `${gap.of.resource}${gap.of.namespace === null ? '' : ` in ${gap.of.namespace}`}`;
  return `${gap.certainty === 'known' ? 'gap' : 'suspected gap'} in ${what} (${gap.cause})`;
}
