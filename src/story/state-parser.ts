import { isDeletion } from '../model/action.ts';
import { hasOnlyDoubles, parseJson } from '../model/json.ts';
import type { ObjectRecord } from '../model/record.ts';
import type { KubeObject } from '../model/resource.ts';
import type { Timestamp } from '../model/time.ts';
import { BYTE, startsWith } from './json-walker.ts';
import { shared } from './shared.ts';

/** What is known of the states that came before takes no more than this as JSON; objects beyond it are parsed whole. */
const KNOWN_BYTES = 16 * 1024 * 1024;
/** A field that is shorter is parsed as fast as it is compared. */
const LEAST = 64;
const OBJECT_RECORD = Buffer.from('{"kind":"object",');

/** Where something stands in the bytes of a record. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** An object's last state, and those of its fields that seldom change, with their JSON. */
interface Known {
  /** The last record, and the JSON of what else tells where the object belongs; only while `isBrief`. */
  readonly brief: { readonly record: ObjectRecord; readonly place: string } | undefined;
  readonly state: Readonly<Record<string, unknown>>;
  readonly fields: Map<string, { readonly bytes: Buffer; readonly value: unknown }>;
}

interface Field {
  readonly name: string;
  readonly span: Span;
}

/** What stands in an object's state behind its metadata. */
interface Parts {
  /** What is known. */
  readonly left: readonly (Field & { readonly value: unknown })[];
  /** What is to be remembered. */
  readonly fresh: readonly Field[];
}

/**
 * Parses the records of a journal. Of an object's state most is as it was in the one before: a field with the same bytes
 * (`spec`, `data` …) is not parsed again, and what is equal within `metadata` and `status` is the very value of before. So
 * thousands of states in memory take little, and what compares them ends early. Nobody may change a value that it gives.
 */
export class StateParser {
  readonly #known = new Map<string, Known>();
  #room: number;
  /**
   * Who only asks what belongs to whom is given the record before, with a new `observed`, where its answer is the same:
   * metadata but for the owners may then be old.
   */
  isBrief = false;

  constructor(options: { readonly room?: number } = {}) {
    this.#room = options.room ?? KNOWN_BYTES;
  }

  /** A record of its JSON, as JSON.stringify has written it: the same that parseJson makes of it. Throws SyntaxError. */
  parse(json: Buffer): unknown {
    return this.#parseState(json) ?? parseJson(json.toString());
  }

  /** Forgets all that it knows. */
  clear(): void {
    this.#known.clear();
  }

  #parseState(json: Buffer): unknown {
    const object = startsWith(json, 0, OBJECT_RECORD) ? startOf(json, 0, 'object') : undefined;
    const start = object === undefined ? undefined : startOf(json, object, 'metadata');
    if (start === undefined || json[start] !== BYTE.begin) return undefined;
    const same = this.isBrief ? this.#sameAsBefore(json, start) : undefined;
    if (same !== undefined) return same;
    const span = { start, end: endOf(json, start) };
    const text = json.toString('utf8', start, span.end);
    // What is to keep its source text depends on the whole of a document.
    if (!hasOnlyDoubles(text)) return undefined;
    const metadata = JSON.parse(text) as KubeObject['metadata'];
    const known = this.#known.get(metadata.uid);
    const { left, fresh } = partsOf(json, span.end, known);
    const rest = textWithout(json, [{ name: 'metadata', span }, ...left]);
    if (!hasOnlyDoubles(rest)) return undefined;
    const record = JSON.parse(rest) as ObjectRecord;
    const state = record.object as Record<string, unknown>;
    state.metadata = shared(known?.state.metadata, metadata);
    for (const { name, value } of left) state[name] = value;
    if (Object.hasOwn(state, 'status')) state.status = shared(known?.state.status, state.status);
    if (isDeletion(record.action)) this.#forget(metadata.uid, known);
    else {
      const brief = this.isBrief ? { record, place: placeOf(json, start) } : undefined;
      this.#remember(metadata.uid, { fields: known?.fields ?? new Map(), state, brief }, { json, fresh });
    }
    return record;
  }

  /** The record before where spec, owners and type are the same. */
  #sameAsBefore(json: Buffer, metadata: number): ObjectRecord | undefined {
    const known = this.#known.get(textAt(json, startOf(json, metadata, 'uid')));
    if (known?.brief === undefined || known.brief.place !== placeOf(json, metadata)) return undefined;
    const { left } = partsOf(json, endOf(json, metadata), known);
    if (!left.some(({ name, value }) => name === 'spec' && value === known.state.spec)) return undefined;
    return { ...known.brief.record, observed: textAt(json, startOf(json, 0, 'observed')) as Timestamp };
  }

  #remember(uid: string, known: Known, { json, fresh }: { json: Buffer; fresh: readonly Field[] }): void {
    const { fields, state } = known;
    for (const { name, span } of fresh) {
      this.#room += fields.get(name)?.bytes.length ?? 0;
      fields.delete(name);
      const length = span.end - span.start;
      if (length > this.#room) continue;
      this.#room -= length;
      const bytes = Buffer.allocUnsafeSlow(length); // no view: it would keep all that was unpacked with it
      json.copy(bytes, 0, span.start, span.end);
      fields.set(name, { bytes, value: state[name] });
    }
    if (fields.size > 0) this.#known.set(uid, known);
    else this.#known.delete(uid);
  }

  #forget(uid: string, known: Known | undefined): void {
    for (const { bytes } of known?.fields.values() ?? []) this.#room += bytes.length;
    this.#known.delete(uid);
  }
}

/** The JSON of all that stands between `action` and the metadata, and of the owners. */
function placeOf(json: Buffer, metadata: number): string {
  const resource = startOf(json, 0, 'resource') ?? metadata;
  const owners = startOf(json, metadata, 'ownerReferences') ?? metadata;
  const end = owners === metadata ? metadata : endOf(json, owners);
  return json.toString('utf8', resource, metadata) + json.toString('utf8', owners, end);
}

/** The text that stands here, in which nothing is escaped; none is the empty one. */
function textAt(json: Buffer, start = 0): string {
  return start === 0 ? '' : json.toString('utf8', start + 1, endOfText(json, start) - 1);
}

/** Looks at the fields behind the metadata, no further than needed. */
function partsOf(json: Buffer, from: number, known: Known | undefined): Parts {
  const left: Parts['left'][number][] = [];
  const fresh: Field[] = [];
  let at = from;
  for (let missing = known?.fields.size; json[at] === BYTE.comma && missing !== 0; ) {
    const { name, start } = nameAt(json, at + 1);
    const before = known?.fields.get(name);
    const isSame = before !== undefined && isValueAt(json, start, before.bytes);
    const span = { start, end: isSame ? start + before.bytes.length : endOf(json, start) };
    if (isSame) left.push({ name, span, value: before.value });
    else if (isSteady(name) && span.end - start >= LEAST) fresh.push({ name, span });
    if (before !== undefined && missing !== undefined) missing -= 1;
    at = span.end;
  }
  return { left, fresh };
}

/** Not what is another in each state; nor a name that is written in other letters than it has, or means more. */
function isSteady(name: string): boolean {
  return name !== 'status' && name !== '__proto__' && !name.includes('\\');
}

/** The record's text with null in the place of these fields, which stand in this order: so all keep their order. */
function textWithout(json: Buffer, fields: readonly Field[]): string {
  let text = '';
  let at = 0;
  for (const { span } of fields) {
    text += `${json.toString('utf8', at, span.start)}null`;
    at = span.end;
  }
  return text + json.toString('utf8', at);
}

/** Whether this value, whole, stands here. */
function isValueAt(json: Buffer, at: number, value: Buffer): boolean {
  const next = json[at + value.length];
  return (next === BYTE.comma || next === BYTE.end) && startsWith(json, at, value);
}

/** Where the value of a field of the object begins that begins here; undefined where it has no such field. */
function startOf(json: Buffer, object: number, wanted: string): number | undefined {
  if (json[object] !== BYTE.begin) return undefined;
  for (let at = object + 1; json[at] === BYTE.quote; ) {
    const { name, start } = nameAt(json, at);
    if (name === wanted) return start;
    at = endOf(json, start) + 1;
  }
  return undefined;
}

/** The name of a field, and where its value begins. */
function nameAt(json: Buffer, at: number): { readonly name: string; readonly start: number } {
  const end = endOfText(json, at);
  return { name: json.toString('utf8', at + 1, end - 1), start: end + 1 };
}

/** Where the value ends that begins here. */
function endOf(json: Buffer, start: number): number {
  const first = json[start];
  if (first === BYTE.quote) return endOfText(json, start);
  let at = start;
  if (first !== BYTE.begin && first !== BYTE.open) {
    while (at < json.length && json[at] !== BYTE.comma && json[at] !== BYTE.end) at += 1;
    return at;
  }
  let depth = 0;
  while (at < json.length) {
    const byte = json[at];
    if (byte === BYTE.quote) {
      at = endOfText(json, at);
      continue;
    }
    at += 1;
    if (byte === BYTE.begin || byte === BYTE.open) depth += 1;
    else if ((byte === BYTE.end || byte === BYTE.close) && --depth === 0) return at;
  }
  return at;
}

/** Where the text ends whose quote stands here. */
function endOfText(json: Buffer, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== BYTE.quote) at += json[at] === BYTE.backslash ? 2 : 1;
  return at + 1;
}
