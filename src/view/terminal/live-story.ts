import { type LifecycleChange, lifecycleOf } from '../../graph/lifecycle.ts';
import { isToldToEnd } from '../../graph/told-to-end.ts';
import { instancesOf } from '../../logs/instances.ts';
import { isDeletion } from '../../model/action.ts';
import { aboutOf, nodeOfEvent } from '../../model/event-about.ts';
import { field, path, textOf } from '../../model/fields.ts';
import type { Gap } from '../../model/gap.ts';
import { instanceName } from '../../model/instance.ts';
import type { EventRecord, GapRecord, JournalRecord, LogRecord, ObjectRecord, Root } from '../../model/record.ts';
import { groupResourceOf, type KubeObject } from '../../model/resource.ts';
import { timeOfEvent, timesOfEvent } from '../../story/object-time.ts';
import { changeText, type EntryText } from './entry-line.ts';
import { LogRates } from './log-rates.ts';
import { LogSample } from './log-sample.ts';
import { ObjectTree } from './object-tree.ts';

/** Entries that wait to be shown; of a flood the newest. */
const MOST_ENTRIES = 1000;

/** What a recording's records come to, kept for those who watch: cheap to tell, and never in the recording's way. */
export class LiveStory {
  readonly tree: ObjectTree;
  readonly rates = new LogRates();
  readonly sample = new LogSample();
  readonly #states = new Map<string, KubeObject>();
  /** Events that came before anything showed that what they are about belongs here; in a shared namespace most do not. */
  readonly #early = new Map<string, EntryText[]>();
  /** Those that were named and those that pods run on. */
  readonly #nodes: Set<string>;
  #entries: EntryText[] = [];
  #alert: EntryText | undefined;
  #revision = 0;

  constructor(roots: readonly Root[]) {
    this.tree = new ObjectTree(roots);
    this.#nodes = new Set(roots.flatMap((root) => (groupResourceOf(root) === 'nodes' ? root.name : [])));
  }

  /** Rises with everything that may change what is shown. */
  get revision(): number {
    return this.#revision;
  }

  /** The newest gap: it stands out until another takes its place. */
  get alert(): EntryText | undefined {
    return this.#alert;
  }

  take(record: JournalRecord): void {
    this.#revision += 1;
    switch (record.kind) {
      case 'log':
        this.#takeLines(record);
        break;
      case 'streamOpened':
        this.rates.opened(record.stream, record.instance);
        break;
      case 'streamClosed':
        this.rates.closed(record.stream);
        break;
      case 'object':
        this.#takeObject(record);
        break;
      case 'event':
        this.#takeEvent(record);
        break;
      case 'gap':
        this.#takeGap(record);
        break;
      case 'note':
        this.#push({ type: 'note', time: record.observed, who: 'faro', text: record.text, isBad: false });
        break;
      case 'relation':
        this.tree.relate(record.of, record.how);
        break;
      case 'start':
      case 'logEnd':
      case 'end':
        break;
    }
  }

  /** Everything but log lines that came since the last call, in its order. */
  drain(): readonly EntryText[] {
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }

  /** One that is withdrawn stands out no more. */
  #takeGap({ gap, observed, isWithdrawn }: GapRecord): void {
    const entry = gapEntry(gap, observed);
    if (isWithdrawn !== true) {
      this.#alert = entry;
      this.#push(entry);
    } else if (this.#alert?.who === entry.who && this.#alert.text === entry.text) this.#alert = undefined;
  }

  #takeLines(record: LogRecord): void {
    const instance = this.rates.add(record.stream, record.lines);
    // Of a line in parts the beginning is shown.
    if (instance !== undefined && (record.part?.index ?? 0) === 0) this.sample.take(instance, record);
  }

  #takeObject({ action, object, observed, resource }: ObjectRecord): void {
    const { uid } = object.metadata;
    const isDeleted = isDeletion(action);
    const previous = this.#states.get(uid);
    if (isDeleted) this.#states.delete(uid);
    else this.#states.set(uid, object);
    this.tree.take({ resource, object, isDeleted, time: observed });
    if (this.tree.isMember(uid)) this.#showEarly(uid);
    if (resource === 'pods') this.#runsOn(textOf(path(object.spec, 'nodeName')));
    // What an object that is found had gone through before is in the tree; only what happens now is news.
    if (action === 'found' || !this.tree.isMember(uid)) return;
    for (const change of lifecycleOf({ previous, current: object, action }, instancesOf))
      this.#push(changeEntry(object, change, observed));
  }

  #takeEvent(record: EventRecord): void {
    const node = nodeOfEvent(record.object);
    const uid = node === undefined ? (textOf(field(aboutOf(record.object), 'uid')) ?? '') : ofNode(node);
    const entry = eventEntry(record);
    if (node === undefined ? this.tree.isMember(uid) : this.#nodes.has(node)) {
      this.#push(entry);
      return;
    }
    const [oldest] = this.#early.keys();
    if (this.#early.size >= MOST_ENTRIES && oldest !== undefined) this.#early.delete(oldest);
    this.#early.set(uid, [...(this.#early.get(uid) ?? []).slice(-9), entry]);
  }

  /** A pod runs there: Events about that Node, which bear its name in place of a UID, are of the story. */
  #runsOn(node: string | undefined): void {
    if (node === undefined || this.#nodes.has(node)) return;
    this.#nodes.add(node);
    this.#showEarly(ofNode(node));
  }

  #showEarly(uid: string): void {
    for (const entry of this.#early.get(uid) ?? []) this.#push(entry);
    this.#early.delete(uid);
  }

  #push(entry: EntryText): void {
    this.#entries.push(entry);
    if (this.#entries.length > MOST_ENTRIES) this.#entries.shift();
  }
}

/** Stands for the UID that an Event about a Node does not bear. */
function ofNode(name: string): string {
  return `Node/${name}`;
}

function changeEntry(object: KubeObject, change: LifecycleChange, observed: string): EntryText {
  const name = `${object.kind}/${object.metadata.name}`;
  const who = 'container' in change ? `${object.metadata.name}/${change.container}` : name;
  const isTold = isToldToEnd(object, 'containerKind' in change ? change.containerKind : undefined);
  return { type: 'lifecycle', time: shownTime(change.time, observed), who, ...changeText({ ...change }, isTold) };
}

/** What a status states is a whole second, and shown as one. */
function shownTime(stated: string | undefined, observed: string): string {
  return stated?.replace(/\.0+Z$/, '') ?? observed;
}

function eventEntry({ object, observed }: EventRecord): EntryText {
  const about = aboutOf(object);
  const part = (name: string) => textOf(field(about, name)) ?? '?';
  const reason = textOf(object.reason) ?? '';
  const message = textOf(object.message) ?? textOf(object.note) ?? '';
  const count = timesOfEvent(object);
  const { time, precision } = timeOfEvent(object, observed);
  const isBad = object.type === 'Warning';
  return {
    type: 'event',
    time: precision === undefined ? time : shownTime(time, observed),
    who: `${part('kind')}/${part('name')}`,
    text: `${reason}: ${message}${count > 1 ? ` (${count} times)` : ''}`,
    isBad,
  };
}

function gapEntry({ of, cause, evidence, certainty }: Gap, observed: string): EntryText {
  const who = 'container' in of ? instanceName(of.container) : `${of.resource} in ${of.namespace ?? 'the cluster'}`;
  return { type: 'gap', time: observed, who, text: `${certainty} gap (${cause}): ${evidence}`, isBad: true };
}
