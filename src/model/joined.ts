/** Parts in a row, `size` bytes in all. A single one comes as it is, uncopied. */
export function joined(parts: readonly Buffer[], size: number): Buffer {
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts, size);
}
