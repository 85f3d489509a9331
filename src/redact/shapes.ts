/** Credentials that are known by their shape. Every function here reads a character a bounded number of times. */

/** A place in a text, from `start` up to but not including `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What a token consists of behind its prefix. */
type Alphabet = 'upper' | 'alphanumeric' | 'token' | 'dotted';

/** How tokens begin whose makers gave them a prefix, what follows, and how much of it at least. */
const PREFIXES: readonly (readonly [prefixes: string, alphabet: Alphabet, rest: number])[] = [
  ['AKIA ASIA', 'upper', 16], // AWS access key ID
  ['ghp_ gho_ ghu_ ghs_ ghr_ github_pat_', 'token', 22], // GitHub
  ['glpat- gldt- glrt- glcbt-', 'token', 20], // GitLab
  ['xoxa- xoxb- xoxe- xoxp- xoxr- xoxs- xapp-', 'token', 10], // Slack
  ['AIza', 'token', 35], // Google API key
  ['ya29.', 'dotted', 20], // Google OAuth
  ['sk_live_ rk_live_ sk_test_ whsec_', 'token', 16], // Stripe
  ['sk-ant- sk-proj-', 'token', 20], // Anthropic, OpenAI
  ['npm_', 'alphanumeric', 36],
  ['pypi-AgE', 'token', 40],
  ['dop_v1_', 'alphanumeric', 40], // DigitalOcean
  ['shpat_', 'alphanumeric', 32], // Shopify
  ['SG.', 'dotted', 40], // SendGrid
  ['hvs. hvb.', 'dotted', 20], // Vault
];
const SHAPES = PREFIXES.flatMap(([prefixes, alphabet, rest]) =>
  prefixes.split(' ').map((prefix) => ({ prefix, alphabet, rest })),
);

/** The beginnings of all shapes; `eyJ` is that of `{"` in base64, and so of JSON Web Tokens. */
export const TOKEN_BEGINNINGS: readonly string[] = [...SHAPES.map(({ prefix }) => prefix), 'eyJ'];

const ALPHABETS: Readonly<Record<Alphabet, (code: number) => boolean>> = {
  upper: (code) => (code >= 65 && code <= 90) || isDigit(code),
  alphanumeric: (code) => isWordChar(code) && code !== 95,
  token: isTokenChar,
  dotted: isNameChar,
};

/** A token with a known prefix, or a JSON Web Token, that begins here. */
export function tokenAt(text: string, start: number): Span | undefined {
  if (start > 0 && isTokenChar(text.charCodeAt(start - 1))) return undefined;
  if (text.startsWith('eyJ', start)) return webTokenAt(text, start);
  const shape = SHAPES.find(({ prefix }) => text.startsWith(prefix, start));
  if (shape === undefined) return undefined;
  const body = start + shape.prefix.length;
  const end = runEnd(text, body, ALPHABETS[shape.alphabet]);
  return end - body >= shape.rest ? { start, end } : undefined;
}

/** Header and payload, both base64url of an object; the signature may be empty. */
function webTokenAt(text: string, start: number): Span | undefined {
  const header = runEnd(text, start, isTokenChar);
  if (header - start < 10 || text[header] !== '.') return undefined;
  const payload = runEnd(text, header + 1, isTokenChar);
  if (payload - header < 8) return undefined;
  return { start, end: text[payload] === '.' ? runEnd(text, payload + 1, isTokenChar) : payload };
}

const MIN_BEARER = 8;

/** What follows the word Bearer, unless it is a word itself. */
export function bearerAt(text: string, wordEnd: number): Span | undefined {
  const start = runEnd(text, wordEnd, isSpace);
  if (start === wordEnd) return undefined;
  const end = runEnd(text, start, isBearerChar);
  const looksMade = end - start >= 24 || /\d/.test(text.slice(start, Math.min(end, start + 24)));
  return end - start >= MIN_BEARER && looksMade ? { start, end } : undefined;
}

/** Beyond the authority a password with an unescaped slash is looked for this far. */
const MAX_AUTHORITY = 1024;

/** The password of a URL whose `://` ends here; or its user, where that looks like a token by itself. */
export function userInfoAt(text: string, start: number): Span | undefined {
  let colon = -1;
  let at = -1;
  let end = start;
  let isInAuthority = true;
  for (; end < text.length && end - start < MAX_AUTHORITY; end += 1) {
    const char = text.charAt(end);
    if (' \t\r\n"\'`<>\\|'.includes(char)) break;
    if (isInAuthority && char === ':' && colon === -1) colon = end;
    if (char === '@') at = end;
    if ('/?#'.includes(char) && isInAuthority) {
      isInAuthority = false;
      // host:port/…: what follows is a path, and an @ in it means nothing.
      if (at !== -1 || colon === -1 || /^\d*$/.test(text.slice(colon + 1, end))) break;
    }
  }
  if (at === -1) return undefined;
  if (colon !== -1 && colon < at) return colon + 1 < at ? { start: colon + 1, end: at } : undefined;
  const user = text.slice(start, at);
  return user.length >= 20 && /^[\w-]+$/.test(user) && /\d/.test(user) ? { start, end: at } : undefined;
}

/** A data source name of Go is looked for this far before its address. */
const MAX_SOURCE = 256;

/** The password of a data source name whose address begins here; nothing before `from` is looked at. */
export function sourcePasswordAt(text: string, address: number, from: number): Span | undefined {
  const before = text.slice(Math.max(from, address - MAX_SOURCE), address);
  const found = /[^\s"'`<>\\|:]:([^\s"'`<>\\|]+)$/.exec(before);
  return found === null ? undefined : { start: address - (found[1]?.length ?? 0), end: address };
}

/** No key is longer than this in PEM. */
const MAX_KEY = 16_384;

/** A private key in PEM, from its first dash; up to its end, or as far as the text goes on like one. */
export function privateKeyAt(text: string, start: number): Span | undefined {
  const header = /^-----BEGIN (?:[A-Z\d]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----/.exec(text.slice(start, start + 90));
  if (header === null) return undefined;
  const body = start + header[0].length;
  const footer = KEY_END.exec(text.slice(body, body + MAX_KEY));
  if (footer === null) return { start, end: runEnd(text, body, isKeyChar) };
  return { start, end: body + footer.index + footer[0].length };
}

/** How a key in PEM ends. */
export const KEY_END = /-----END [A-Z\d ]{1,60}-----/;

/** The end of the longest run of characters of a kind. */
export function runEnd(text: string, start: number, isOfKind: (code: number) => boolean): number {
  let end = start;
  while (end < text.length && isOfKind(text.charCodeAt(end))) end += 1;
  return end;
}

/** Letters, digits, `_`, `-` and `.`, of which names consist. */
export function isNameChar(code: number): boolean {
  return isTokenChar(code) || code === 46;
}

/** The end of white space and of the colours that a logger may give what stands behind it. */
export function spaceEnd(text: string, start: number): number {
  let end = runEnd(text, start, isSpace);
  while (text.charCodeAt(end) === 27 && text[end + 1] === '[') {
    const colour = runEnd(text, end + 2, (code) => isDigit(code) || code === 59);
    if (text[colour] !== 'm') break;
    end = runEnd(text, colour + 1, isSpace);
  }
  return end;
}

export function isSpace(code: number): boolean {
  return code === 32 || code === 9;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isWordChar(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || isDigit(code) || code === 95;
}

export function isTokenChar(code: number): boolean {
  return isWordChar(code) || code === 45;
}

export function isBearerChar(code: number): boolean {
  return isNameChar(code) || code === 126 || code === 43 || code === 47 || code === 61;
}

/** Base64, headers, white space, and line ends that are escaped. */
function isKeyChar(code: number): boolean {
  return isBearerChar(code) || code === 58 || code === 44 || code === 92 || isSpace(code) || code === 10 || code === 13;
}
