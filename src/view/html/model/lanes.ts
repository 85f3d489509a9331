import type { StoryContainer, StoryObject } from '../../../story/document.ts';
import type { ReportFacts } from '../data/report-data.ts';

/** A row of the time line: an object, or a container of a pod with all its runs. */
export interface Lane {
  readonly index: number;
  readonly depth: number;
  readonly parent: number | undefined;
  /** How many lanes stand below it; they follow it in the list. */
  readonly below: number;
  readonly object: number;
  /** undefined for the lane of the object itself. */
  readonly container: string | undefined;
  readonly kind: string;
  readonly name: string;
  /** Indexes of the container runs that it shows. */
  readonly runs: readonly number[];
}

/** Which lane tells of what. */
export interface LaneIndex {
  readonly lanes: readonly Lane[];
  /** By object. */
  readonly ofObject: readonly number[];
  /** By container run. */
  readonly ofRun: readonly number[];
  ofContainer(object: number, name: string): number | undefined;
}

type Draft = Omit<Lane, 'index' | 'below'> & { below: number };

/** The story's objects as a tree of lanes: what owns stands above what it owns, containers stand below their pod. */
export function lanesOf({ objects, containers, metadata }: ReportFacts): LaneIndex {
  const tree = new LaneTree(objects, containers);
  const owned = new Set(
    objects.flatMap(({ owners }, index) => (owners.some((owner) => owner !== index) ? [index] : [])),
  );
  const isNamed = new Set(metadata.roots.flatMap((root) => root.objects));
  const all = objects.map((_, index) => index);
  for (const object of all.filter((index) => isNamed.has(index) && !owned.has(index))) tree.add(object, undefined, 0);
  for (const object of all.filter((index) => !owned.has(index))) tree.add(object, undefined, 0);
  for (const object of all) tree.add(object, undefined, 0); // owners in a circle: only an edited story has them
  return tree.finish();
}

class LaneTree {
  readonly #drafts: Draft[] = [];
  readonly #children = new Map<number, number[]>();
  readonly #runs = new Map<number, number[]>();
  readonly #laneOfObject = new Map<number, number>();
  readonly #laneOfContainer = new Map<string, number>();
  readonly #objects: readonly StoryObject[];
  readonly #containers: readonly StoryContainer[];

  constructor(objects: readonly StoryObject[], containers: readonly StoryContainer[]) {
    this.#objects = objects;
    this.#containers = containers;
    for (const [index, { owners }] of objects.entries()) push(this.#children, owners[0], index);
    for (const [index, { object }] of containers.entries()) push(this.#runs, object, index);
  }

  /** Depth first, on a stack of its own: an edited story may nest deeper than the machine's. */
  add(root: number, parent: number | undefined, depth: number): void {
    const due = [{ object: root, parent, depth }];
    for (let next = due.pop(); next !== undefined; next = due.pop()) {
      const lane = this.#addObject(next.object, next.parent, next.depth);
      if (lane === undefined) continue;
      const children = (this.#children.get(next.object) ?? []).toSorted((a, b) => this.#compare(a, b));
      for (const object of children.reverse()) due.push({ object, parent: lane, depth: next.depth + 1 });
    }
  }

  finish(): LaneIndex {
    for (const { parent, below } of this.#drafts.toReversed()) {
      const above = parent === undefined ? undefined : this.#drafts[parent];
      if (above !== undefined) above.below += below + 1;
    }
    const lanes = this.#drafts.map((draft, index) => ({ ...draft, index }));
    const ofRun = this.#containers.map(({ object, name }) => this.#laneOfContainer.get(`${object}/${name}`) ?? 0);
    return {
      lanes,
      ofObject: this.#objects.map((_, index) => this.#laneOfObject.get(index) ?? 0),
      ofRun,
      ofContainer: (object, name) => this.#laneOfContainer.get(`${object}/${name}`),
    };
  }

  #addObject(object: number, parent: number | undefined, depth: number): number | undefined {
    const described = this.#objects[object];
    if (described === undefined || this.#laneOfObject.has(object)) return undefined;
    const lane = this.#drafts.length;
    this.#laneOfObject.set(object, lane);
    const { kind, name } = described;
    this.#drafts.push({ depth, parent, below: 0, object, container: undefined, kind, name, runs: [] });
    for (const [name, runs] of this.#runsByName(object)) {
      this.#laneOfContainer.set(`${object}/${name}`, this.#drafts.length);
      const kind = this.#containers[runs[0] ?? -1]?.kind ?? 'regular';
      this.#drafts.push({ depth: depth + 1, parent: lane, below: 0, object, container: name, kind, name, runs });
    }
    return lane;
  }

  #runsByName(object: number): Map<string, number[]> {
    const byName = new Map<string, number[]>();
    for (const run of this.#runs.get(object) ?? []) push(byName, this.#containers[run]?.name, run);
    return byName;
  }

  #compare(a: number, b: number): number {
    const [one, other] = [this.#objects[a], this.#objects[b]];
    if (one === undefined || other === undefined) return a - b;
    return one.firstSeen < other.firstSeen ? -1 : one.firstSeen > other.firstSeen ? 1 : a - b;
  }
}

function push<K>(map: Map<K, number[]>, key: K | undefined, value: number): void {
  if (key === undefined) return;
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

/** A name for a lane that tells it from the others: `web-7c9-x2x / app`. */
export function laneName(index: LaneIndex, lane: Lane): string {
  const pod = index.lanes[index.ofObject[lane.object] ?? -1];
  return lane.container === undefined ? lane.name : `${pod?.name ?? ''} / ${lane.container}`;
}
