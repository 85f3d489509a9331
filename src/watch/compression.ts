import type { ResourceType } from '../model/resource.ts';

/**
 * Whether streaming lists come compressed (since Kubernetes 1.37), as each answer tells: what one watch learns of it, no
 * other has to ask. Behind an API group may stand a server of its own.
 */
export class Compression {
  readonly #told = new Map<string, boolean>();

  heard({ group }: ResourceType, isCompressed: boolean): void {
    this.#told.set(group, isCompressed);
  }

  /** True also where nothing is known yet. */
  mayBe({ group }: ResourceType): boolean {
    return this.#told.get(group) ?? true;
  }
}
