import { createHash } from 'node:crypto';

/** File systems take names of 255 bytes; what else belongs to one may follow. */
const LONGEST = 200;

/**
 * A name from a story as the name of a file or folder: never a path, never hidden, never too long. Names that differ
 * stay different where they are cut.
 */
export function safeName(name: string): string {
  const safe = name.replace(/[^A-Za-z0-9._-]/g, '_');
  const cut = safe.length > LONGEST ? `${safe.slice(0, LONGEST - 17)}-${digestOf(name)}` : safe;
  return cut === '' || cut.startsWith('.') ? `_${cut}` : cut;
}

/** 16 hex digits. */
function digestOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 16);
}
