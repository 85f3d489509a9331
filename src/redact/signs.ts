import { TOKEN_BEGINNINGS } from './shapes.ts';

/** A place where a credential, or the name of one, may begin or lie. */
export interface Sign {
  readonly index: number;
  /** In lower case, however it stands there. */
  readonly word: string;
  /** The beginning of a token that is known by its shape, not the name of one. */
  readonly isToken: boolean;
}

/** Gives the first sign at or behind a place; undefined where none follows. */
export type NextSign = (from: number) => Sign | undefined;

const KEY_OWNERS = 'api access account deploy encryption license master private shared signing ssh'.split(' ');
const NAMES = [
  ...'pass pwd secret token cred auth bearer cookie dsn jwt psk sessionid webhook sig='.split(' '),
  ...['str', '-str', '_str', '.str'].flatMap((rest) => [`conn${rest}`, `connection${rest}`]),
  ...KEY_OWNERS.flatMap((owner) => ['', '-', '_', '.'].map((sign) => `${owner}${sign}key`)),
];
/** How tokens begin, as their makers write it. */
export const TOKEN_WORDS: ReadonlySet<string> = new Set(TOKEN_BEGINNINGS);
const TOKENS = new Set(TOKEN_BEGINNINGS.map((token) => token.toLowerCase()));
/** Every sign, without regard to case; three characters at least. */
export const SIGNS: readonly string[] = [...TOKENS, '://', '-----begin ', ...NAMES];

const SOURCE = SIGNS.toSorted((a, b) => b.length - a.length)
  .map((sign) => sign.replaceAll('.', '\\.'))
  .join('|');
const ANY_SIGN = new RegExp(SOURCE, 'i');

/** The signs of a short text. */
export function signsOfText(text: string): NextSign {
  if (!ANY_SIGN.test(text)) return () => undefined;
  const signs = new RegExp(SOURCE, 'gi');
  return (from) => {
    signs.lastIndex = from;
    const found = signs.exec(text);
    if (found === null) return undefined;
    const word = found[0].toLowerCase();
    return { index: found.index, word, isToken: TOKENS.has(word) };
  };
}

/**
 * The signs of many bytes, some ten times as fast. A window of two pairs of bytes stands at every other place; a table
 * tells of each pair to which groups of signs it may belong. Only where both may belong to one group is a sign looked for.
 */
export function signsOfBytes(bytes: Buffer): NextSign {
  fillTables();
  // A view of pairs must begin at an even address.
  const shift = bytes.byteOffset % 2;
  const pairs = new Uint16Array(bytes.buffer, bytes.byteOffset + shift, Math.max(0, bytes.length - shift) >> 1);
  return (from) => {
    for (let at = from; at < bytes.length; ) {
      const start = windowWithSign(pairs, (at - shift) >> 1) * 2 + shift;
      for (at = Math.max(at, start); at <= start + 1; at += 1) {
        const sign = signAt(bytes, at);
        if (sign !== undefined) return sign;
      }
    }
    return undefined;
  };
}

/** The first window from `start` on, as the index of its first pair, that may hold the beginning of a sign in its first pair. */
function windowWithSign(pairs: Uint16Array, start: number): number {
  const last = pairs.length - 1;
  // Where a pair is missing, at either end, anything may stand.
  if (start < 0 || start >= last) return start;
  let at = start;
  let first = GROUPS_OF[pairs[at] ?? 0] ?? 0;
  // Four at a time, which no branch delays.
  for (; at < last - 4; at += 4) {
    const second = GROUPS_OF[pairs[at + 1] ?? 0] ?? 0;
    const third = GROUPS_OF[pairs[at + 2] ?? 0] ?? 0;
    const fourth = GROUPS_OF[pairs[at + 3] ?? 0] ?? 0;
    const next = GROUPS_OF[pairs[at + 4] ?? 0] ?? 0;
    if ((both(first, second) | both(second, third) | both(third, fourth) | both(fourth, next)) !== 0) break;
    first = next;
  }
  for (; at < last; at += 1) {
    const next = GROUPS_OF[pairs[at + 1] ?? 0] ?? 0;
    if (both(first, next) !== 0) break;
    first = next;
  }
  return at;
}

/** The groups of signs to which two pairs may belong that follow each other. */
function both(first: number, second: number): number {
  return first & (second >>> SECOND);
}

/** The longest sign that begins at a place. */
function signAt(bytes: Buffer, index: number): Sign | undefined {
  let known: Omit<Sign, 'index'> | undefined;
  for (let node = 0, at = index; at < bytes.length; at += 1) {
    node = NEXT[node * 256 + (bytes[at] ?? 0)] ?? 0;
    if (node === 0) break;
    known = ENDS[node] ?? known;
  }
  return known === undefined ? undefined : { index, word: known.word, isToken: known.isToken };
}

/** Signs are grouped by their first characters: the fewer pairs a group has, the fewer windows are taken for signs. */
const GROUPS = ['-:', 'a', 'bc', 'deg', 'hjlmn', 'p', 's', 'rtwxy'];
/** Where the bits stand of signs that begin with a window's second byte, and those of a window's second pair. */
const SHIFTED = 8;
const SECOND = 16;
/** Of each pair of bytes a bit for each group to whose signs it may belong: four times, by how they lie in the window. */
const GROUPS_OF = new Int32Array(65_536);
/** The signs as a tree: of each node, 0 being the root, 256 following ones by the next byte, 0 where no sign goes on so. */
const NEXT = new Int16Array(256 * (1 + SIGNS.join('').length));
/** What ends at a node. */
const ENDS: (Omit<Sign, 'index'> | undefined)[] = [undefined];

/** When the first lines come: it takes as long as twenty megabytes of them, and a start waits for none. */
function fillTables(): void {
  if (ENDS.length > 1) return;
  for (const [group, firsts] of GROUPS.entries()) for (const first of firsts) addPairs('', first, group + SHIFTED);
  for (const word of SIGNS) {
    const [first = '', second = '', third = '', fourth = ''] = word;
    const group = GROUPS.findIndex((firsts) => firsts.includes(first));
    addPairs(first, second, group);
    addPairs(third, fourth, group + SECOND);
    addPairs(second, third, group + SHIFTED + SECOND);
    addToTree(word);
  }
}

function addPairs(first: string, second: string, bit: number): void {
  for (const low of codesOf(first))
    for (const high of codesOf(second)) {
      const pair = low | (high << 8);
      GROUPS_OF[pair] = (GROUPS_OF[pair] ?? 0) | (1 << bit);
    }
}

function addToTree(word: string): void {
  let node = 0;
  for (const char of word) {
    const codes = codesOf(char);
    const known = NEXT[node * 256 + (codes[0] ?? 0)] ?? 0;
    const next = known === 0 ? ENDS.push(undefined) - 1 : known;
    for (const code of codes) NEXT[node * 256 + code] = next;
    node = next;
  }
  ENDS[node] = { word, isToken: TOKENS.has(word) };
}

/** @param char may stand in either case; empty: any byte */
function codesOf(char: string): readonly number[] {
  if (char === '') return ANY_BYTE;
  return [...new Set([char.toLowerCase(), char.toUpperCase()])].map((each) => each.charCodeAt(0));
}

const ANY_BYTE = Array.from({ length: 256 }, (_, code) => code);
