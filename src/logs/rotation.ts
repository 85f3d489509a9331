/** Names in the folder of a container's log files: `N.log`, `N.log.20261125-191943`, the same with `.gz`, and `.tmp`. */

/** The file that a container's run number N writes to. */
export function liveName(restart: number): string {
  return `${restart}.log`;
}

/** The rotated files of a run, by the name that they had before compression, each once, in the order of their names. */
export function rotatedNames(names: readonly string[], restart: number): readonly string[] {
  const prefix = `${liveName(restart)}.`;
  const rotated = names.flatMap((name) => {
    if (!name.startsWith(prefix) || name.endsWith('.tmp')) return [];
    return name.endsWith(COMPRESSED) ? name.slice(0, -COMPRESSED.length) : name;
  });
  return [...new Set(rotated)].sort();
}

/** What a rotated file's name ends in once it is compressed. */
export const COMPRESSED = '.gz';
