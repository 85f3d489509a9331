import { nodeOfEvent } from '../model/event-about.ts';
import type { KubeObject } from '../model/resource.ts';

/** How many Events of the story were written down. Those about Nodes that no pod of it runs on are none, unless one comes to. */
export class EventCount {
  #count = 0;
  /** Those that were named and those that pods of the story run on. */
  readonly #nodes: Set<string>;
  readonly #strange = new Map<string, number>();

  constructor(nodes: Iterable<string>) {
    this.#nodes = new Set(nodes);
  }

  get count(): number {
    return this.#count;
  }

  /** An Event was written down. */
  wrote(event: KubeObject): void {
    const node = nodeOfEvent(event);
    if (node === undefined || this.#nodes.has(node)) this.#count += 1;
    else this.#strange.set(node, (this.#strange.get(node) ?? 0) + 1);
  }

  /** A pod of the story runs there. */
  runsOn(node: string | undefined): void {
    if (node === undefined || this.#nodes.has(node)) return;
    this.#nodes.add(node);
    this.#count += this.#strange.get(node) ?? 0;
    this.#strange.delete(node);
  }
}
