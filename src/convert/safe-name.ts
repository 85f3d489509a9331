/** A name from a story as the name of a file or folder: never a path, never hidden, never too long. */
export function safeName(name: string): string {
  const safe = name.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 200);
  return safe === '' || safe.startsWith('.') ? `_${safe}` : safe;
}
