/** Of the word that was found. */
export let wordEnd: usize = 0;

/**
 * What the first word says, of those one behind the other, that stands at a place; 0: none does. Words are of up to sixteen bytes, put
 * there by `src/redact/word-list.ts`: each with which of its bits count, so that case does not, what it says, its length, and where the
 * next one stands that is to be compared; 0: none does.
 */
export function saysOfWordAt(place: usize, first: usize): u32 {
  const bytes = v128.load(place);
  for (let word = first; word !== 0; word = load<u32>(word, 40)) {
    if (v128.any_true(v128.and(v128.xor(bytes, v128.load(word)), v128.load(word, 16)))) continue;
    wordEnd = place + load<u32>(word, 36);
    return load<u32>(word, 32);
  }
  return 0;
}
