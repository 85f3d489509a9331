/**
 * How many files of a run a node keeps, the one that is written to included: as its configuration says, or, where that
 * cannot be read, at least as many as were ever seen at once. Shared by all logs of the node.
 */
export class KeptFiles {
  readonly #maxFiles: () => number | undefined;
  #seen = 0;

  /** @param maxFiles the kubelet's `containerLogMaxFiles`; undefined where it is not known (yet). */
  constructor(maxFiles: () => number | undefined) {
    this.#maxFiles = maxFiles;
  }

  /** Takes in how many renamed files of one run are there. */
  saw(renamed: number): void {
    this.#seen = Math.max(this.#seen, renamed);
  }

  /** Why older files than some that were renamed may have been removed; undefined where they cannot have been. */
  doubt(renamed: number): string | undefined {
    if (renamed === 0) return undefined;
    const maxFiles = this.#maxFiles();
    if (maxFiles !== undefined)
      return renamed < maxFiles - 1 ? undefined : `${renamed} had been renamed, and the node keeps ${maxFiles} in all`;
    if (renamed < this.#seen) return undefined;
    return `${renamed} had been renamed, and how many the node keeps is not known: its configuration cannot be read`;
  }
}
