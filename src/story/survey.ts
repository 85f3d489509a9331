import { Scope } from '../graph/scope.ts';
import type { LogHeader, ParseRecord } from '../journal/frame.ts';
import type { JournalDamage, JournalEntry, JournalPosition } from '../journal/reader.ts';
import { LineParts } from '../logs/line-parts.ts';
import { FaroError } from '../model/errors.ts';
import { field, path, textOf } from '../model/fields.ts';
import { type ContainerInstance, instanceKey } from '../model/instance.ts';
import type {
  EndRecord,
  LogEndRecord,
  LogRecord,
  LogRoute,
  RelationHow,
  RelationRecord,
  StartRecord,
} from '../model/record.ts';
import { type KubeObject, storageOf } from '../model/resource.ts';
import { laterOf, millisecondsOf, type Timestamp, timestampOf } from '../model/time.ts';
import { BlockList } from './block-list.ts';

/** What the assembly reads from: a journal, or a stand-in in tests. */
export interface JournalSource {
  /** Each made by `parse`, where it has to be parsed. */
  records(parse?: ParseRecord): AsyncIterable<JournalEntry>;
  /** A block of log lines, whole. */
  readLog(position: JournalPosition): Promise<LogRecord>;
  readonly damage: readonly JournalDamage[];
}

/** All that the journal holds of one container instance's log. */
export interface InstanceLog {
  readonly instance: ContainerInstance;
  readonly blocks: BlockList;
  readonly routes: Set<LogRoute>;
  /** How often its stream was opened again. */
  reconnects: number;
  lines: number;
  bytes: number;
  /** Markers that stand for credentials, by name. */
  readonly redactions: Map<string, number>;
  /** Bytes of its largest block, unpacked. */
  largest: number;
  repeatsRemoved: number;
  first: Timestamp | undefined;
  last: Timestamp | undefined;
  /** Up to here the recorder knew that nothing was missing, or has said so. */
  sure: Timestamp | undefined;
  end: LogEndRecord | undefined;
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
  /** Nodes that pods of the story ran on: Events name them by name only. */
  readonly nodes: ReadonlySet<string>;
  readonly logs: ReadonlyMap<string, InstanceLog>;
  /** When the recorder had been killed and another one went on, in order. */
  readonly resumed: readonly Resumed[];
  /** Records were there that cannot be read, with others behind them. */
  readonly hole: JournalHole | undefined;
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
  /** Logs that were read to their end before, by the key of their instance. */
  readonly ended: ReadonlySet<string>;
  readonly types: readonly { readonly resource: string; readonly namespace: string | null }[];
}

interface StreamState {
  readonly instance: ContainerInstance;
  boundTo: ContainerInstance | null;
  readonly route: LogRoute;
  readonly attempt: number;
  readonly isBeside: boolean;
  isClosed: boolean;
  repeatsRemoved: number;
  readonly blocks: BlockList;
  readonly parts: LineParts<LogBlock>;
  lines: number;
  bytes: number;
  readonly redactions: Map<string, number>;
  largest: number;
  first: Timestamp | undefined;
  last: Timestamp | undefined;
}

interface LogBlock {
  readonly record: LogHeader;
  readonly seq: number;
  readonly position: JournalPosition;
}

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
  #scope = new Scope([]);
  readonly #seen = new Set<string>();
  readonly #pods = new Map<string, string>();
  readonly #relations = new Map<string, Map<RelationHow, Set<string>>>();
  readonly #streams = new Map<number, StreamState>();
  readonly #ends = new Map<string, LogEndRecord>();
  readonly #resumed: Resumed[] = [];
  readonly #types = new Map<string, JournalHole['types'][number]>();
  #damages = 0;
  #hole: Omit<JournalHole, 'types'> | undefined;

  /** `damages`: how many damaged places of the journal stand before this record. */
  take({ record, seq, position }: JournalEntry, damages: number): void {
    const time = 'time' in record ? record.time : record.observed;
    if (damages > this.#damages) this.#takeHole(time);
    this.#damages = damages;
    this.#lastObserved = laterOf(this.#lastObserved, time);
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
      case 'streamOpened': {
        const { instance, route, stream, attempt, beside: isBeside = false } = record;
        const own = { instance, boundTo: instance, route, attempt, isBeside, isClosed: false };
        this.#streams.set(stream, { ...own, ...emptyLines(), parts: new LineParts() });
        break;
      }
      case 'log': {
        const stream = this.#streams.get(record.stream);
        if (stream === undefined) break;
        for (const block of stream.parts.take({ record, seq, position }, record.part)) addBlock(stream, block);
        break;
      }
      case 'streamClosed': {
        const stream = this.#streams.get(record.stream);
        if (stream === undefined) break;
        stream.boundTo = record.boundTo;
        stream.isClosed = true;
        stream.repeatsRemoved = record.repeatsRemoved;
        break;
      }
      case 'logEnd':
        this.#ends.set(instanceKey(record.instance), record);
        break;
      case 'resume':
        this.#resumed.push({ after: record.after, time: record.time });
        // A log that was to go on has another end.
        for (const [key, { goesOn }] of this.#ends) if (goesOn === true) this.#ends.delete(key);
        break;
      case 'event':
      case 'gap':
      case 'note':
      case 'watched':
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
    const members = [...this.#seen].filter((uid) => isMember(uid) || relations.has(uid));
    const nodes = [...this.#pods].filter(([uid]) => this.#scope.placementOf(uid) === 'member').map(([, node]) => node);
    return {
      start: this.#start,
      end: this.#end,
      lastObserved: this.#lastObserved,
      scope: this.#scope,
      members: new Map(members.map((uid, index) => [uid, index])),
      relations,
      unplaced: [...this.#seen].filter((uid) => this.#scope.placementOf(uid) === 'unplaced' && !relations.has(uid))
        .length,
      nodes: new Set(nodes),
      logs: this.#logs(),
      resumed: this.#resumed,
      hole: this.#hole && { ...this.#hole, types: [...this.#types.values()] },
    };
  }

  #takeHole(to: Timestamp): void {
    this.#hole = this.#hole ?? { from: this.#lastObserved, to, ended: new Set(this.#ends.keys()) };
    this.#hole = { ...this.#hole, to: laterOf(this.#hole.to, to) };
  }

  #takeObject(resource: string, object: KubeObject): void {
    const { uid, namespace = null } = object.metadata;
    const type = storageOf(resource, object);
    this.#types.set(`${namespace}/${type}`, { resource: type, namespace });
    this.#seen.add(uid);
    this.#scope.observe({ resource, object });
    const node = resource === 'pods' ? textOf(path(field(object, 'spec'), 'nodeName')) : undefined;
    if (node !== undefined) this.#pods.set(uid, node);
  }

  #takeRelation({ of, how, to }: RelationRecord): void {
    const own = this.#relations.get(of) ?? new Map<RelationHow, Set<string>>();
    this.#relations.set(of, own.set(how, (own.get(how) ?? new Set()).add(to)));
  }

  #logs(): Map<string, InstanceLog> {
    const logs = new Map<string, InstanceLog>();
    for (const stream of this.#streams.values()) {
      if (stream.boundTo === null) continue;
      const log = logOf(logs, stream.boundTo);
      log.reconnects = Math.max(log.reconnects, stream.attempt);
      log.routes.add(stream.route);
      log.repeatsRemoved += stream.repeatsRemoved;
      log.blocks.append(stream.blocks);
      addLines(log, stream);
      log.sure = sureAfter(log, stream);
      for (const [name, count] of stream.redactions) addTo(log.redactions, name, count);
    }
    for (const end of this.#ends.values()) logOf(logs, end.instance).end = end;
    return logs;
  }
}

function logOf(logs: Map<string, InstanceLog>, instance: ContainerInstance): InstanceLog {
  const key = instanceKey(instance);
  const known = logs.get(key);
  if (known !== undefined) return known;
  const own = { instance, routes: new Set<LogRoute>(), reconnects: 0, sure: undefined, end: undefined };
  const log: InstanceLog = { ...own, ...emptyLines() };
  logs.set(key, log);
  return log;
}

/** A stream that comes alone looks at its file so often at the least: a rotation shows by then. */
const LOOKED_MS = 15_000;

/** What a stream beside the files brought is sure once it was found there; what one alone brought, after a look at its file. */
function sureAfter(log: InstanceLog, { route, isBeside, isClosed }: StreamState): Timestamp | undefined {
  if (route === 'node-files' || log.last === undefined || (isBeside && isClosed)) return log.last;
  if (isBeside) return log.sure;
  const looked = timestampOf(millisecondsOf(log.last) - LOOKED_MS);
  return log.first !== undefined && looked < log.first ? log.first : looked;
}

function emptyLines() {
  return {
    blocks: new BlockList(),
    lines: 0,
    bytes: 0,
    redactions: new Map<string, number>(),
    largest: 0,
    repeatsRemoved: 0,
    first: undefined,
    last: undefined,
  };
}

function addBlock(stream: StreamState, { record, seq, position }: LogBlock): void {
  stream.blocks.push(position, seq);
  for (const [name, count] of Object.entries(record.redactions?.markers ?? {})) addTo(stream.redactions, name, count);
  addLines(stream, { ...record, bytes: record.contentBytes, largest: record.byteLength });
}

type Lines = Pick<StreamState, 'lines' | 'bytes' | 'largest' | 'first' | 'last'>;

function addLines(to: Lines, { lines, bytes, largest, first, last }: Readonly<Lines>): void {
  to.lines += lines;
  to.bytes += bytes;
  to.largest = Math.max(to.largest, largest);
  // Of a line that only goes on in it, a later block has the time.
  if (lines === 0) return;
  if (first !== undefined && (to.first === undefined || first < to.first)) to.first = first;
  if (last !== undefined && (to.last === undefined || last > to.last)) to.last = last;
}

/** Adds to what is counted under a name. */
export function addTo(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}
