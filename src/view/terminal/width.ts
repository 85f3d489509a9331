/** Columns that text takes on a terminal, near enough: marks take none, East Asian wide characters and emoji two. */
const ZERO = /^(?:\p{M}|\u200c|\u200d|[\ufe00-\ufe0f])$/u;
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u;

function widthOf(character: string): number {
  if (character <= '\u02ff') return 1;
  if (ZERO.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** Columns of a printable text. */
export function columnsOf(text: string): number {
  if (NARROW.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += widthOf(character);
  return columns;
}

/** The beginning of a printable text that fits into so many columns, an ellipsis at its end where it was cut. */
export function clip(text: string, columns: number): string {
  if (columns <= 0) return '';
  if (text.length <= columns && NARROW.test(text)) return text;
  let used = 0;
  let fits = 0; // code units that leave room for the ellipsis
  let at = 0;
  for (const character of text) {
    used += widthOf(character);
    if (used > columns) return `${text.slice(0, fits)}…`;
    at += character.length;
    if (used < columns) fits = at;
  }
  return text;
}

const NARROW = /^[\u0020-\u02ff]*$/;
