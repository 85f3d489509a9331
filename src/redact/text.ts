import { assignmentAt } from './assignment.ts';
import { isHarmless } from './names.ts';
import { bearerAt, privateKeyAt, SHAPE_BEGINNINGS, type Span, tokenAt, userInfoAt } from './shapes.ts';

/** Where anything that may be a credential, or the name of one, begins or lies; the first group holds tokens. */
const SIGNS = [
  `(${SHAPE_BEGINNINGS})`,
  '://',
  '-----BEGIN ',
  'pass|pwd|secret|token|cred|auth|bearer|cookie|dsn|jwt|psk|conn(?:ection[-_.]?)?str|sessionid|webhook',
  '(?<=[?&_-])sig=',
  '(?:api|access|account|deploy|encryption|license|master|private|shared|signing|ssh)[-_.]?key',
].join('|');
const ANY_SIGN = new RegExp(SIGNS, 'i');

/**
 * Finds the credentials in a text by their shape (keys with known prefixes, JSON Web Tokens, private keys, passwords in
 * URLs) and by the names that they are given to (`password=…`, `"token": "…"`, `--secret …`, `Authorization: Basic …`).
 * In the order of the text, none over another. Every character is read a bounded number of times.
 */
export function credentialsIn(text: string): readonly Span[] {
  if (!ANY_SIGN.test(text)) return [];
  const signs = new RegExp(SIGNS, 'gi');
  const found: Span[] = [];
  let from = 0;
  for (let sign = signs.exec(text); sign !== null; sign = signs.exec(text)) {
    const { credential, next } = examine(text, sign, from);
    if (credential !== undefined) found.push(credential);
    from = Math.max(next, credential?.end ?? 0);
    signs.lastIndex = from;
  }
  return found;
}

function examine(text: string, sign: RegExpExecArray, from: number): { credential: Span | undefined; next: number } {
  const [word, token] = sign;
  const next = sign.index + word.length;
  if (token !== undefined) return { credential: tokenAt(text, sign.index), next };
  if (word === '://') return { credential: passwordAt(text, next), next };
  if (word.startsWith('-----')) return { credential: privateKeyAt(text, sign.index), next };
  const { nameEnd, credential } = assignmentAt(text, sign.index, from);
  if (credential !== undefined || word.toLowerCase() !== 'bearer') return { credential, next: Math.max(next, nameEnd) };
  return { credential: bearerAt(text, next), next };
}

function passwordAt(text: string, start: number): Span | undefined {
  const found = userInfoAt(text, start);
  return found === undefined || isHarmless('', text.slice(found.start, found.end)) ? undefined : found;
}

/** Replaces each credential in a text by what `replace` makes of it. */
export function replaceCredentials(text: string, replace: (credential: string) => string): string {
  let result = '';
  let from = 0;
  for (const { start, end } of credentialsIn(text)) {
    result += text.slice(from, start) + replace(text.slice(start, end));
    from = end;
  }
  return from === 0 ? text : result + text.slice(from);
}
