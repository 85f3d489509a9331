import { endsAsCredential, isHarmless, nameStrength } from './names.ts';
import { isNameChar, runEnd, type Span, spaceEnd } from './shapes.ts';

/** A name around a place in a text, and the value that is given to it, if that is a credential. */
export interface Assignment {
  readonly nameEnd: number;
  readonly credential: Span | undefined;
}

/** How a value is given to a name: `name=value`, `name: value`, `name:value`, `"name": "value"`, `--name value`. */
interface Separator {
  readonly kind: 'equals' | 'colon' | 'tightColon' | 'quoted' | 'flag';
  readonly valueAt: number;
}

/** Reads the assignment whose name stands around `hit`; nothing before `from` is read again. */
export function assignmentAt(text: string, hit: number, from: number): Assignment {
  let start = hit;
  while (start > from && isNameChar(text.charCodeAt(start - 1))) start -= 1;
  const nameEnd = runEnd(text, hit, isNameChar);
  const name = text.slice(start, nameEnd);
  const separator = separatorAt(text, nameEnd, name);
  if (separator === undefined || !isCredential(text, start, name, separator)) return { nameEnd, credential: undefined };
  const value = valueAt(text, separator);
  return { nameEnd, credential: value === undefined || isPlain(text, name, value, separator) ? undefined : value };
}

function separatorAt(text: string, nameEnd: number, name: string): Separator | undefined {
  const quoteEnd = quoteAt(text, nameEnd)?.end ?? nameEnd;
  const sign = spaceEnd(text, quoteEnd);
  const char = text[sign];
  if (char !== '=' && char !== ':') {
    const isFlag =
      name.startsWith('--') && sign > nameEnd && sign === quoteEnd + 1 && char !== '-' && char !== undefined;
    return isFlag ? { kind: 'flag', valueAt: sign } : undefined;
  }
  // `:=`, `==` and `=>` are signs as well.
  const after = /^[:=][=>]/.test(text.slice(sign, sign + 2)) ? sign + 2 : sign + 1;
  const valueAt = spaceEnd(text, after);
  if (quoteEnd > nameEnd) return { kind: 'quoted', valueAt };
  if (char === '=' || after > sign + 1) return { kind: 'equals', valueAt };
  return { kind: valueAt > after ? 'colon' : 'tightColon', valueAt };
}

/** `repository/app-token:1.2`, `PASS: TestX` and `secret://…` give nothing to a name. */
function isCredential(text: string, start: number, name: string, { kind, valueAt }: Separator): boolean {
  const strength = nameStrength(name);
  if (strength === 'none') return false;
  if (kind === 'equals' || kind === 'quoted') return true;
  if (strength === 'short') return false;
  if (kind !== 'tightColon') return true;
  const isPath = start > 0 && '/@:'.includes(text.charAt(start - 1));
  return endsAsCredential(name) && !isPath && text[valueAt] !== '/' && text[valueAt] !== ':';
}

function valueAt(text: string, { kind, valueAt: start }: Separator): Span | undefined {
  const quote = quoteAt(text, start);
  // Data within data: its own names are looked at, and its end, which may be that of the line, is not looked for.
  if ('{['.includes(text.charAt(quote?.end ?? start) || ' ')) return undefined;
  if (quote !== undefined) return quotedValue(text, quote);
  const end = unquotedEnd(text, start);
  // "name": value without quotes is a number, or prose.
  if (end === start || (kind === 'quoted' && !/[-\d]/.test(text.charAt(start)))) return undefined;
  // Authorization: Basic dXNlcjpwYXNz
  if (/^(?:basic|bearer|digest|negotiate|token|apikey)$/i.test(text.slice(start, Math.min(end, start + 10)))) {
    const next = spaceEnd(text, end);
    const nextEnd = unquotedEnd(text, next);
    if (next > end && nextEnd > next) return { start: next, end: nextEnd };
  }
  return { start, end };
}

/** Up to the quote that closes it, at most to the end of the line. */
function quotedValue(text: string, quote: Span): Span | undefined {
  const sign = text.slice(quote.start, quote.end);
  let end = quote.end;
  while (end < text.length && text[end] !== '\n' && (!text.startsWith(sign, end) || text[end - 1] === '\\')) end += 1;
  return end > quote.end ? { start: quote.end, end } : undefined;
}

/** A quote, with the backslashes before it where it stands in a text within a text. */
function quoteAt(text: string, start: number): Span | undefined {
  const end = runEnd(text, start, (code) => code === 92);
  return end - start < 16 && '"\'`'.includes(text.charAt(end)) && end < text.length
    ? { start, end: end + 1 }
    : undefined;
}

function unquotedEnd(text: string, start: number): number {
  return runEnd(text, start, (code) => !endsUnquoted(code));
}

/** Where a value without quotes is over. */
export function endsUnquoted(code: number): boolean {
  return code <= 32 || '"\'`,;&|)]}>\\'.includes(String.fromCharCode(code));
}

/** What messages say about a credential: `invalid token: expired`. */
export const REMARKS: readonly string[] = [
  ...'a an authentication cannot could does denied empty error expired failed forbidden'.split(' '),
  ...'has invalid is malformed missing must no none not null please required'.split(' '),
  ...'the unauthorized undefined unexpected unknown was'.split(' '),
];
const REMARK = new RegExp(`^(?:${REMARKS.join('|')})\\.?$`, 'i');

function isPlain(text: string, name: string, { start, end }: Span, { kind }: Separator): boolean {
  // Longer values are neither, and need not be copied.
  const value = text.slice(start, Math.min(end, start + 300));
  return isHarmless(name, value) || '{['.includes(value.charAt(0)) || (kind === 'colon' && REMARK.test(value));
}
