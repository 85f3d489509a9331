import { isRawNumber } from '../model/json.ts';

/**
 * Whether a JSON text names a field twice in one object: whoever parses it sees the last one alone, and what the others
 * say stays in the text. `parsed` is what was read of it. Time is linear in both.
 */
export function hasRepeatedFields(text: string, parsed: unknown): boolean {
  return fieldsInText(text) !== fieldsIn(parsed);
}

/** Strings that a colon follows. */
function fieldsInText(text: string): number {
  let fields = 0;
  for (let start = text.indexOf('"'); start !== -1; ) {
    let end = text.indexOf('"', start + 1);
    while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
    let next = end + 1;
    while (' \t\r\n'.includes(text.charAt(next) || '.')) next += 1;
    if (text[next] === ':') fields += 1;
    start = text.indexOf('"', next);
  }
  return fields;
}

function isEscaped(text: string, quote: number): boolean {
  let before = quote - 1;
  while (text[before] === '\\') before -= 1;
  return (quote - before) % 2 === 0;
}

/** Without recursion: it may be nested as deeply as a text is long. */
function fieldsIn(parsed: unknown): number {
  let fields = 0;
  const rest = [parsed];
  while (rest.length > 0) {
    const value = rest.pop();
    if (typeof value !== 'object' || value === null || isRawNumber(value)) continue;
    const children = Object.values(value);
    if (!Array.isArray(value)) fields += children.length;
    for (const child of children) rest.push(child);
  }
  return fields;
}
