import { assignmentAt } from './assignment.ts';
import { placesToRead } from './glance.ts';
import type { CredentialPattern } from './log-lines.ts';
import { isHarmless } from './names.ts';
import { bearerAt, privateKeyAt, type Span, sourcePasswordAt, tokenAt, userInfoAt } from './shapes.ts';
import { type Sign, signsOfText } from './signs.ts';

/**
 * What a credential was known by: a private key in PEM, a JSON Web Token, the prefix that its maker gave it (`api-key`),
 * the word Bearer, its place in a URL (`url-password`), or the name that it was given to (`named`).
 */
export type CredentialKind = 'private-key' | 'jwt' | 'api-key' | 'bearer' | 'url-password' | 'named';

export interface Credential extends Span {
  readonly kind: CredentialKind;
}

/**
 * Finds the credentials in a text by their shape (keys with known prefixes, JSON Web Tokens, private keys, passwords in
 * URLs) and by the names that they are given to (`password=…`, `"token": "…"`, `--secret …`, `Authorization: Basic …`).
 * In the order of the text, none over another. Every character is read a bounded number of times.
 */
export function credentialsIn(text: string): readonly Credential[] {
  const nextSign = signsOfText(text);
  const found: Credential[] = [];
  let from = 0;
  let named = 0;
  for (let sign = nextSign(0); sign !== undefined; sign = nextSign(from)) {
    const { credential, next, nameEnd = named } = examine(text, sign, { from, named, found: found.at(-1)?.end ?? 0 });
    named = nameEnd;
    if (credential !== undefined) found.push(credential);
    from = Math.max(next, credential?.end ?? 0);
  }
  return found;
}

/** The same of bytes, line by line; places are told in bytes. Only lines that may hold one become text. */
export function credentialsInLines(bytes: Buffer): readonly Credential[] {
  return placesToRead(bytes).flatMap((place) => {
    const start = bytes.lastIndexOf(NEWLINE, place) + 1; // a sign begins with none
    const newline = bytes.indexOf(NEWLINE, place);
    const text = bytes.toString('latin1', start, newline === -1 ? bytes.length : newline);
    return credentialsIn(text).map((found) => ({ ...found, start: found.start + start, end: found.end + start }));
  });
}

const NEWLINE = 10;

interface Examined {
  readonly credential: Credential | undefined;
  /** Where the next sign may begin. */
  readonly next: number;
  /** Of the name that was read. */
  readonly nameEnd?: number;
}

/**
 * @param found the end of the credential before
 * @param named the end of a name in which the word Bearer was met: it is not read for each, of which it may have thousands
 */
function examine(
  text: string,
  { index, word, kind }: Sign,
  { from, named, found }: { readonly from: number; readonly named: number; readonly found: number },
): Examined {
  const next = index + word.length;
  if (kind === 'token') return { credential: known(word === 'eyj' ? 'jwt' : 'api-key', tokenAt(text, index)), next };
  if (kind === 'url') return { credential: known('url-password', passwordAt(text, next)), next };
  if (kind === 'source') return { credential: known('url-password', sourcePasswordAt(text, index, found)), next };
  if (kind === 'key') return { credential: known('private-key', privateKeyAt(text, index)), next };
  // Signals are told as sig=9.
  if (kind === 'sig' && !'?&_-'.includes(text.charAt(index - 1) || ' ')) return { credential: undefined, next };
  const isRead = kind === 'bearer' && index < named;
  const { nameEnd, credential } = isRead ? { nameEnd: named, credential: undefined } : assignmentAt(text, index, from);
  if (credential !== undefined) return { credential: known('named', credential), next: Math.max(next, nameEnd) };
  if (kind !== 'bearer') return { credential: undefined, next: Math.max(next, nameEnd) };
  return { credential: known('bearer', bearerAt(text, next)), next, nameEnd };
}

function known(kind: CredentialKind, span: Span | undefined): Credential | undefined {
  return span === undefined ? undefined : { ...span, kind };
}

function passwordAt(text: string, start: number): Span | undefined {
  const found = userInfoAt(text, start);
  return found === undefined || isHarmless('', text.slice(found.start, found.end)) ? undefined : found;
}

/** Replaces each credential in a text by what `replace` makes of it. */
export function replaceCredentials(
  text: string,
  replace: (credential: string, kind: CredentialKind) => string,
): string {
  return replaceSpans(text, credentialsIn(text), (value, { kind }) => replace(value, kind));
}

/** Replaces places in a text, which stand in its order. */
export function replaceSpans<S extends Span>(
  text: string,
  spans: readonly S[],
  replace: (value: string, span: S) => string,
): string {
  let result = '';
  let from = 0;
  for (const span of spans) {
    result += text.slice(from, span.start) + replace(text.slice(span.start, span.end), span);
    from = span.end;
  }
  return from === 0 ? text : result + text.slice(from);
}

/** Replaces what patterns of a user's own find, one pattern after the other. */
export function replacePatterns(
  text: string,
  patterns: readonly CredentialPattern[],
  replace: (value: string, name: string) => string,
): string {
  return patterns.reduce(
    (rest, { name, textSpans }) => replaceSpans(rest, textSpans(rest), (value) => replace(value, name)),
    text,
  );
}
