/** Numbers in [0, 1) that a seed repeats exactly (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function hexDigits(random: () => number, count: number): string {
  let digits = '';
  for (let index = 0; index < count; index += 1) digits += HEX[Math.floor(random() * 16)];
  return digits;
}

const HEX = '0123456789abcdef';
