import type { KubeObject } from '../model/resource.ts';

/** So many Events are held; of a large cluster's those that were told first give way. */
const MAX_HELD = 2000;

/** Holds Events about Nodes that no pod of the story is known to run on: pods are listed beside them, or come later. */
export class NodeEvents {
  /** The newest state by the Event's UID, what was told last at the end. */
  readonly #held = new Map<string, { readonly node: string; readonly event: KubeObject }>();

  hold(node: string, event: KubeObject): void {
    const { uid } = event.metadata;
    this.#held.delete(uid);
    this.#held.set(uid, { node, event });
    const [first] = this.#held.keys();
    if (this.#held.size > MAX_HELD && first !== undefined) this.#held.delete(first);
  }

  /** Those about a Node, which are not held any longer. */
  take(node: string): readonly KubeObject[] {
    const taken = [...this.#held.values()].flatMap((held) => (held.node === node ? held.event : []));
    for (const { metadata } of taken) this.#held.delete(metadata.uid);
    return taken;
  }
}
