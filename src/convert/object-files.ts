import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { isRawNumber } from '../model/json.ts';
import { wholeSecondOf } from '../model/time.ts';
import type { TimelineEntry } from '../story/document.ts';
import { ObjectStates } from '../story/object-states.ts';
import type { StoryHead } from '../story/reader.ts';
import { safeName } from './safe-name.ts';

/** kubectl's own names for the files of some resources. */
const FILES: Readonly<Record<string, string>> = { replicationcontrollers: 'replication-controllers' };

/** Collects the last state of every object and of every Event, and writes them as lists that kubectl reads. */
export class ObjectFiles {
  readonly #head: StoryHead;
  readonly #states = new ObjectStates();
  readonly #events = new Map<string, { readonly namespace: string; readonly event: object }>();

  constructor(head: StoryHead) {
    this.#head = head;
  }

  take(entry: Exclude<TimelineEntry, { type: 'log' }>): void {
    if (entry.type === 'event') this.#takeEvent(entry);
    if (entry.type === 'object') this.#states.take(entry);
  }

  async write(folder: string): Promise<void> {
    const lists = new Map<string, unknown[]>();
    const add = (namespace: string | null, file: string, item: unknown) => {
      const path = join(namespace === null ? '' : safeName(namespace), `${safeName(file)}.yaml`);
      const list = lists.get(path) ?? [];
      list.push(item);
      lists.set(path, list);
    };
    for (const [index, state] of this.#states.last) {
      const object = this.#head.objects[index];
      if (object !== undefined) add(object.namespace, FILES[object.resource] ?? object.resource, state);
    }
    for (const { namespace, event } of this.#events.values()) add(namespace, 'events', event);
    for (const [path, items] of lists) {
      await mkdir(join(folder, path, '..'), { recursive: true, mode: 0o700 });
      const text = stringify(forYaml({ apiVersion: 'v1', kind: 'List', items }), {
        lineWidth: 0,
        aliasDuplicateObjects: false,
      });
      await writeFile(join(folder, path), text, { mode: 0o600 });
    }
  }

  /** What the story keeps of an Event, in the shape of core/v1; a later update takes the place of the one before. */
  #takeEvent(entry: Extract<TimelineEntry, { type: 'event' }>): void {
    const object = this.#head.objects[entry.object ?? -1];
    const namespace = object?.namespace ?? 'default';
    const { kind, name } = entry.about;
    const uid = object === undefined ? {} : { uid: object.uid, apiVersion: object.apiVersion };
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: entry.event, namespace, uid: entry.event },
      involvedObject: { kind, name, namespace: object?.namespace ?? undefined, ...uid },
      reason: entry.reason,
      message: entry.message,
      type: entry.eventType,
      count: entry.count,
      lastTimestamp: `${wholeSecondOf(entry.time)}Z`,
      source: { component: entry.reporter },
    };
    this.#events.set(entry.event, { namespace, event });
  }
}

/** Whole numbers that kept their digits go into YAML with them. */
function forYaml(value: unknown): unknown {
  if (isRawNumber(value)) return /^-?\d+$/.test(value.rawJSON) ? BigInt(value.rawJSON) : Number(value.rawJSON);
  if (Array.isArray(value)) return value.map(forYaml);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, forYaml(child)]));
}
