import { assignmentAt } from './assignment.ts';
import { READ } from './assignment-bytes.ts';
import { glanceAt } from './glance.ts';
import type { CredentialPattern } from './log-lines.ts';
import { isHarmless } from './names.ts';
import { bearerAt, privateKeyAt, type Span, tokenAt, userInfoAt } from './shapes.ts';
import { type NextSign, type Sign, signsOfBytes, signsOfText } from './signs.ts';

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
  const found: Credential[] = [];
  collect(text, 0, signsOfText(text), found);
  return found;
}

/** The same of bytes, line by line; places are told in bytes. Only lines with a sign of one become text. */
export function credentialsInLines(bytes: Buffer): readonly Credential[] {
  const found: Credential[] = [];
  const nextSign = signsOfBytes(bytes);
  let from = 0;
  for (let sign = nextSign(0); sign !== undefined; ) {
    const next = glanceAt(bytes, sign, from);
    if (next !== READ) {
      from = next;
      sign = nextSign(from);
      continue;
    }
    const start = bytes.lastIndexOf(10, sign.index) + 1;
    const newline = bytes.indexOf(10, sign.index);
    from = newline === -1 ? bytes.length : newline;
    sign = collect(bytes.toString('latin1', start, from), start, nextSign, found);
  }
  return found;
}

/** Takes in what is found in a text that stands at `offset`; gives the first sign behind it. */
function collect(text: string, offset: number, nextSign: NextSign, found: Credential[]): Sign | undefined {
  const end = offset + text.length;
  let from = offset;
  let named = 0;
  for (;;) {
    const sign = nextSign(from);
    if (sign === undefined || sign.index >= end) return sign;
    const at = { ...sign, index: sign.index - offset };
    const { credential, next, nameEnd = named } = examine(text, at, { from: from - offset, named });
    named = nameEnd;
    if (credential !== undefined)
      found.push({ ...credential, start: credential.start + offset, end: credential.end + offset });
    from = offset + Math.max(next, credential?.end ?? 0);
  }
}

interface Examined {
  readonly credential: Credential | undefined;
  /** Where the next sign may begin. */
  readonly next: number;
  /** Of the name that was read. */
  readonly nameEnd?: number;
}

/** @param named the end of a name in which the word Bearer was met: it is not read for each, of which it may have thousands */
function examine(
  text: string,
  { index, word, isToken }: Sign,
  { from, named }: { readonly from: number; readonly named: number },
): Examined {
  const next = index + word.length;
  if (isToken) {
    const kind = word === 'eyj' ? 'jwt' : 'api-key';
    return { credential: known(kind, tokenAt(text, index)), next };
  }
  if (word === '://') return { credential: known('url-password', passwordAt(text, next)), next };
  if (word.startsWith('-----')) return { credential: known('private-key', privateKeyAt(text, index)), next };
  // Signals are told as sig=9.
  if (word === 'sig=' && !'?&_-'.includes(text.charAt(index - 1) || ' ')) return { credential: undefined, next };
  const isRead = word === 'bearer' && index < named;
  const { nameEnd, credential } = isRead ? { nameEnd: named, credential: undefined } : assignmentAt(text, index, from);
  if (credential !== undefined) return { credential: known('named', credential), next: Math.max(next, nameEnd) };
  if (word !== 'bearer') return { credential: undefined, next: Math.max(next, nameEnd) };
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
