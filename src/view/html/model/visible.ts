/**
 * Text of others for the eye: what it holds must not move, hide or reorder what stands beside it.
 */

/** Control characters, invisible ones, and those that change the direction of writing. */
const TREACHEROUS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const COLOUR_OF_TERMINAL = /\p{Cc}\[[\d;:]*m/gu;

/** Each treacherous character as its name, e.g. `<U+202E>`; a tab as a space, terminals' colours left out. */
export function visibleText(text: string): string {
  return text
    .replace(COLOUR_OF_TERMINAL, (code) => (code.startsWith('\u001b') ? '' : code))
    .replace(TREACHEROUS, nameOf);
}

/** The same for text of several lines, which keeps its line ends and loses nothing. */
export function visibleLines(text: string): string {
  return text.replace(TREACHEROUS, (character) => (character === '\n' ? character : nameOf(character)));
}

function nameOf(character: string): string {
  if (character === '\t') return '  ';
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}
