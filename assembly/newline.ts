export const NEWLINE: u8 = 10;

/** The first one from a place on. There is one: records are whole, and one stands behind what is looked at. */
export function newlineAt(from: usize): usize {
  const newline = i8x16.splat(NEWLINE);
  let at = from;
  let found = i8x16.bitmask(i8x16.eq(v128.load(at), newline));
  while (found === 0) {
    at += 16;
    found = i8x16.bitmask(i8x16.eq(v128.load(at), newline));
  }
  return at + ctz(found);
}
