import { familyOf } from '../graph/families.ts';
import { Scope } from '../graph/scope.ts';
import type { ParseRecord } from '../journal/frame.ts';
import type { JournalDamage, JournalEntry, JournalPosition } from '../journal/reader.ts';
import { FaroError } from '../model/errors.ts';
import { field, path, textOf } from '../model/fields.ts';
import { gapKey } from '../model/gap.ts';
import type { EndRecord, LogRecord, RelationHow, RelationRecord, StartRecord } from '../model/record.ts';
import { groupResourceOf, type KubeObject, storageOf } from '../model/resource.ts';
import { laterOf, type Timestamp } from '../model/time.ts';
import { type WatchedRecord, watchKey } from '../model/watch-records.ts';
import { isWord, LastWords, type WatchedType } from './last-words.ts';
import { type InstanceLog, LogSurvey } from './log-survey.ts';

/** What the assembly reads from: a journal, or a stand-in in tests. */
export interface JournalSource {
  /** Each made by `parse`, where it has to be parsed. */
  records(parse?: ParseRecord): AsyncIterable<JournalEntry>;
  /** A block of log lines, whole. */
  readLog(position: JournalPosition): Promise<LogRecord>;
  readonly damage: readonly JournalDamage[];
}

/** What must be known of a journal before the first entry can be written. */
export interface Survey {
  readonly start: StartRecord;
  readonly end: EndRecord | undefined;
  /** The last moment that the journal tells of. */
  readonly lastObserved: Timestamp;
  readonly scope: Scope;
  /** Everything in the story by UID, in the order of first appearance; the value is its index in the story. */
  readonly members: ReadonlyMap<string, number>;
  /** Of those that are not owned but explain others, by UID: what they do to which. */
  readonly relations: ReadonlyMap<string, ReadonlyMap<RelationHow, ReadonlySet<string>>>;
  /** Objects that were written down but whose owner never came. */
  readonly unplaced: number;
  /** Nodes that were named or that pods of the story ran on, by name, as Events know them, with their index in the story. */
  readonly nodes: ReadonlyMap<string, number | undefined>;
  readonly logs: ReadonlyMap<string, InstanceLog>;
  /** Gaps that were told, and proved to be none. */
  readonly withdrawn: ReadonlySet<string>;
  /** When the recorder had been killed and another one went on, in order. */
  readonly resumed: readonly Resumed[];
  /** Records were there that cannot be read, with others behind them. */
  readonly hole: JournalHole | undefined;
  /** Types of the story of which what a watch may have missed was being listed when the journal ended. */
  readonly unlisted: readonly Unlisted[];
}

/** What a list had yet to show. */
export interface Unlisted {
  readonly of: WatchedType;
  /** Until then nothing had been missed. */
  readonly heard: Timestamp;
}

/** Between these times nobody recorded. */
export interface Resumed {
  readonly after: Timestamp;
  readonly time: Timestamp;
}

/** What is missing from the middle of a journal may have told of anything that it did not tell the end of before. */
export interface JournalHole {
  /** When the record before was made, and the one behind; of several holes the first and the last. */
  readonly from: Timestamp;
  readonly to: Timestamp;
  /** Logs of which nothing is missing, by the key of their instance: read to their end before, or begun by a recorder that went on behind it. */
  readonly spared: { has(instance: string): boolean };
  readonly types: readonly HoleOfType[];
}

/** What is missing of a type may be as old as what its own watches told last in front of the hole: they may lag behind others. */
export interface HoleOfType {
  readonly of: WatchedType;
  readonly from: Timestamp;
}

/** With the logs that were read to their end before. */
type FoundHole = Pick<JournalHole, 'from' | 'to'> & { readonly ended: ReadonlySet<string> };

/** Reads the journal once, for what belongs to the story and which blocks hold whose lines. */
export async function survey(journal: JournalSource): Promise<Survey> {
  const surveyor = new Surveyor();
  for await (const entry of journal.records()) surveyor.take(entry, journal.damage.length);
  return surveyor.finish();
}

class Surveyor {
  #start: StartRecord | undefined;
  #end: EndRecord | undefined;
  #lastObserved = '' as Timestamp;
  /** The same of states and what watches say of themselves. */
  #lastState = '' as Timestamp;
  #scope = new Scope([]);
  /** The type of each object, by its UID. */
  readonly #seen = new Map<string, WatchedType>();
  readonly #pods = new Map<string, string>();
  /** UIDs of Nodes by name. */
  readonly #nodes = new Map<string, string>();
  readonly #relations = new Map<string, Map<RelationHow, Set<string>>>();
  readonly #logs = new LogSurvey();
  readonly #withdrawn = new Set<string>();
  readonly #resumed: Resumed[] = [];
  readonly #types = new Map<string, WatchedType>();
  readonly #watched = new Map<string, WatchedRecord>();
  /** In front of the hole. */
  readonly #words = new LastWords();
  #damages = 0;
  #hole: FoundHole | undefined;
  #isBehindHole = false;
  /** Logs that were begun when another recorder went on behind the hole: it reads others from their beginning. */
  #begunByThen: ReadonlySet<string> | undefined;

  /** `damages`: how many damaged places of the journal stand before this record. */
  take({ record, seq, position }: JournalEntry, damages: number): void {
    const time = 'time' in record ? record.time : record.observed;
    if (damages > this.#damages) this.#takeHole(time);
    this.#damages = damages;
    this.#lastObserved = laterOf(this.#lastObserved, time);
    this.#passHole(record.kind, time);
    if (this.#hole === undefined && isWord(record)) this.#words.take(record);
    switch (record.kind) {
      case 'start':
        this.#start = record;
        this.#scope = new Scope(record.roots);
        break;
      case 'end':
        this.#end = record;
        break;
      case 'object':
        this.#takeObject(record.resource, record.object);
        break;
      case 'relation':
        this.#takeRelation(record);
        break;
      case 'streamOpened':
        this.#logs.opened(record);
        break;
      case 'log':
        this.#logs.take({ record, seq, position });
        break;
      case 'streamClosed':
        this.#logs.closed(record);
        break;
      case 'logEnd':
        this.#logs.end(record);
        break;
      case 'resume':
        this.#resumed.push({ after: record.after, time: record.time });
        this.#logs.resumed();
        if (this.#hole !== undefined) this.#begunByThen ??= new Set(this.#logs.begun);
        break;
      case 'gap':
        if (record.isWithdrawn === true) this.#withdrawn.add(gapKey(record.gap));
        break;
      case 'watched':
        if (record.isMetadata !== true) this.#watched.set(watchKey(record), record);
        break;
      case 'event':
      case 'note':
      case 'unkept':
      case 'doubted':
        break;
    }
  }

  finish(): Survey {
    if (this.#start === undefined && this.#lastObserved === '')
      throw new FaroError('journal', 'the journal holds nothing: its capture was killed before it began');
    if (this.#start === undefined)
      throw new FaroError('journal', 'the journal does not tell what was recorded: its beginning could not be read');
    const isMember = (uid: string) => this.#scope.placementOf(uid) === 'member';
    const relations = new Map([...this.#relations].filter(([uid]) => !isMember(uid)));
    const members = [...this.#seen.keys()].filter((uid) => isMember(uid) || relations.has(uid));
    const unplaced = [...this.#seen.keys()].filter(
      (uid) => this.#scope.placementOf(uid) === 'unplaced' && !relations.has(uid),
    ).length;
    const indexes = new Map(members.map((uid, index) => [uid, index]));
    const hosts = [...this.#pods].filter(([uid]) => isMember(uid)).map(([, node]) => node);
    const nodes = [...this.#scope.rootNames('nodes'), ...hosts];
    return {
      start: this.#start,
      end: this.#end,
      lastObserved: this.#lastObserved,
      scope: this.#scope,
      members: indexes,
      relations,
      unplaced,
      nodes: new Map(nodes.map((name) => [name, indexes.get(this.#nodes.get(name) ?? '')])),
      logs: this.#logs.finish(),
      withdrawn: this.#withdrawn,
      resumed: this.#resumed,
      hole: this.#hole && this.#holeOf(this.#hole, unplaced),
      unlisted: this.#unlisted(new Set(members.filter(isMember).flatMap((uid) => this.#seen.get(uid) ?? []))),
    };
  }

  /** States of a list may be in the journal, and its gap, which is told behind them, not. Of what only explains it is none. */
  #unlisted(types: ReadonlySet<WatchedType>): Unlisted[] {
    return [...this.#watched.values()].flatMap(({ resource, namespace, resourceVersion, heard, observed }) => {
      const isOfStory = [...types].some(
        (type) => type.resource === resource && (namespace === null || type.namespace === namespace),
      );
      if (resourceVersion !== undefined || !(isOfStory || resource === 'events')) return [];
      return { of: { resource, namespace }, heard: heard ?? observed };
    });
  }

  #holeOf({ from, to, ended }: FoundHole, unplaced: number): JournalHole {
    const begun = this.#begunByThen;
    // What is left out behind it may be so for want of what is missing: an owner, or whose lines they are.
    const isLacking = unplaced > 0 || this.#logs.hasStrangers;
    return {
      from,
      to: isLacking ? this.#lastObserved : to,
      spared: { has: (instance) => ended.has(instance) || begun?.has(instance) === false },
      types: [...this.#mayBeMissing()].map((of) => ({ of, from: this.#heardOf(of, from) })),
    };
  }

  /** Types of what was seen, of the roots, and of what these come to own: all that was told of one may be missing. And Events. */
  #mayBeMissing(): Iterable<WatchedType> {
    const types = new Map(this.#types);
    const roots = this.#start?.roots ?? [];
    for (const { group, resource, namespace } of roots)
      for (const storage of [groupResourceOf({ group, resource }), ...familyOf(roots), 'events'])
        addType(types, { resource: storage, namespace });
    return types.values();
  }

  /** Until when nothing of a type was missed in front of the hole; no recorder has missed anything before its start. */
  #heardOf(type: WatchedType, last: Timestamp): Timestamp {
    const heard = this.#words.heardOf(type, { scope: this.#scope, last });
    return laterOf(this.#start?.time, heard);
  }

  #takeHole(to: Timestamp): void {
    this.#begunByThen = undefined;
    this.#hole = this.#hole ?? { from: this.#lastState, to, ended: new Set(this.#logs.ended) };
    this.#isBehindHole = false;
  }

  /**
   * States that had to wait in memory stand behind what came after them: what is missing may be as old as the last state in
   * front of it, and newer than states behind it. Nothing else waits.
   */
  #passHole(kind: JournalEntry['record']['kind'], time: Timestamp): void {
    const mayHaveWaited = kind === 'object' || kind === 'watched';
    if (mayHaveWaited || kind === 'start') this.#lastState = laterOf(this.#lastState, time);
    if (this.#hole === undefined || this.#isBehindHole) return;
    this.#hole = { ...this.#hole, to: laterOf(this.#hole.to, time) };
    this.#isBehindHole = !mayHaveWaited;
  }

  #takeObject(resource: string, object: KubeObject): void {
    const { uid, namespace = null } = object.metadata;
    const type = storageOf(resource, object);
    this.#seen.set(uid, addType(this.#types, { resource: type, namespace }));
    this.#scope.observe({ resource, object });
    const node = resource === 'pods' ? textOf(path(field(object, 'spec'), 'nodeName')) : undefined;
    if (node !== undefined) this.#pods.set(uid, node);
    if (type === 'nodes') this.#nodes.set(object.metadata.name, uid);
  }

  #takeRelation({ of, how, to }: RelationRecord): void {
    const own = this.#relations.get(of) ?? new Map<RelationHow, Set<string>>();
    this.#relations.set(of, own.set(how, (own.get(how) ?? new Set()).add(to)));
  }
}

/** The type as it was added first. */
function addType(types: Map<string, WatchedType>, type: WatchedType): WatchedType {
  const key = `${type.namespace}/${type.resource}`;
  const known = types.get(key) ?? type;
  types.set(key, known);
  return known;
}
