/** A copy with mapped values, or the object itself where every value stayed as it was. */
export function mapFields<T extends Readonly<Record<string, unknown>>>(
  fields: T,
  map: (value: unknown, name: string) => unknown,
): T {
  let copy: T | undefined;
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    const mapped = map(value, name);
    if (mapped === value) continue;
    copy ??= { ...fields };
    // Not by assignment, which would set the prototype for the name __proto__.
    Object.defineProperty(copy, name, { value: mapped, enumerable: true, writable: true, configurable: true });
  }
  return copy ?? fields;
}
