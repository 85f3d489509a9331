import type { Timestamp } from '../model/time.ts';
import type { StoryContainer, StoryGap, TimelineEntry } from './document.ts';
import { someIn } from './index-set.ts';
import { type Contents, TYPES } from './members.ts';

/** Which entries are wanted: those that fit every field that is given. */
export interface EntryFilter {
  /** Entries of this time and later ones. */
  readonly since?: Timestamp;
  /** Entries of this time and earlier ones. */
  readonly until?: Timestamp;
  readonly types?: readonly TimelineEntry['type'][];
  /** Indexes of objects: what is told of them, and the logs of their containers. */
  readonly objects?: ReadonlySet<number>;
  /** Indexes of container runs: their lines, and what is told of them. */
  readonly containers?: ReadonlySet<number>;
}

const TIME = Buffer.from('"time":"');
const TYPE = Buffer.from('"type":"');
const CONTAINER = Buffer.from('"container":');

export interface FilterContext {
  readonly containers: readonly StoryContainer[];
  readonly gaps: readonly StoryGap[];
}

/** Judges entries, by their bytes first: most of those that are not wanted are never parsed. */
export class EntryMatcher {
  readonly #filter: EntryFilter;
  readonly #context: FilterContext;
  readonly #types: ReadonlySet<string> | undefined;

  constructor(filter: EntryFilter, context: FilterContext) {
    this.#filter = filter;
    this.#context = context;
    this.#types = filter.types === undefined ? undefined : new Set(filter.types);
  }

  /** Whether it takes everything. */
  get isOpen(): boolean {
    return Object.values(this.#filter).every((wanted) => wanted === undefined);
  }

  /** False only where nothing of such contents is wanted. */
  mayMatchAny({ from, to, types, objects, containers }: Contents): boolean {
    const { since, until, objects: wantedObjects, containers: wantedContainers } = this.#filter;
    if (types === 0 || (since !== undefined && to < since) || (until !== undefined && from > until)) return false;
    const isWanted = (type: TimelineEntry['type'], bit: number) =>
      (types & (1 << bit)) !== 0 && (this.#types === undefined || this.#types.has(type));
    if (!TYPES.some(isWanted)) return false;
    if (wantedObjects === undefined && wantedContainers === undefined) return true;
    // What a gap is about, the index does not tell.
    return (
      isWanted('gap', TYPES.indexOf('gap')) ||
      someIn(containers, (container) => this.#takesContainer(container)) ||
      (wantedContainers === undefined && someIn(objects, (object) => wantedObjects?.has(object) === true))
    );
  }

  /** False only where the bytes of an entry, as faro writes it, prove that it is not wanted. */
  mayMatch(bytes: Buffer): boolean {
    const time = bytes.indexOf(TIME);
    if (time === -1 || time > 30) return true;
    const { since, until } = this.#filter;
    const at = bytes.toString('latin1', time + 8, time + 38);
    if ((since !== undefined && at < since) || (until !== undefined && at > until)) return false;
    return this.#mayBeOfType(bytes);
  }

  #mayBeOfType(bytes: Buffer): boolean {
    const { objects, containers } = this.#filter;
    // Nothing before the type holds text from outside.
    const type = bytes.indexOf(TYPE, 60);
    if (type === -1 || type > 200) return true;
    const start = type + 8;
    const name = bytes.toString('latin1', start, bytes.indexOf(34, start));
    if (this.#types !== undefined && !this.#types.has(name)) return false;
    if (name !== 'log' || (objects === undefined && containers === undefined)) return true;
    const container = bytes.indexOf(CONTAINER, start);
    return (
      container !== start + 5 ||
      this.#takesContainer(Number.parseInt(bytes.toString('latin1', container + 12, container + 22), 10))
    );
  }

  matches(entry: TimelineEntry): boolean {
    const { since, until } = this.#filter;
    if ((since !== undefined && entry.time < since) || (until !== undefined && entry.time > until)) return false;
    if (this.#types !== undefined && !this.#types.has(entry.type)) return false;
    return this.#takesSubject(entry);
  }

  #takesSubject(entry: TimelineEntry): boolean {
    const { objects, containers } = this.#filter;
    if (objects === undefined && containers === undefined) return true;
    const container = containerOf(entry, this.#context);
    if (container !== undefined) return this.#takesContainer(container);
    const object = 'object' in entry ? entry.object : undefined;
    return containers === undefined && typeof object === 'number' && objects?.has(object) === true;
  }

  #takesContainer(container: number): boolean {
    const { objects, containers } = this.#filter;
    const object = this.#context.containers[container]?.object;
    return (
      (containers?.has(container) ?? true) && (objects === undefined || (object !== undefined && objects.has(object)))
    );
  }
}

/** The container run that an entry is about, if it is about one. */
function containerOf(entry: TimelineEntry, { gaps }: FilterContext): number | undefined {
  switch (entry.type) {
    case 'log':
      return entry.container;
    case 'lifecycle':
      return entry.container;
    case 'gap': {
      const of = gaps[entry.gap]?.of;
      return of !== undefined && 'container' in of && typeof of.container === 'number' ? of.container : undefined;
    }
    default:
      return undefined;
  }
}
