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
 * The signs of many bytes, some twenty times as fast: the pairs of bytes at every other place are looked up in a table.
 * Each sign has one pair in it for even places and one for odd places, those that are rarest in texts; where one is met,
 * the sign is compared.
 */
export function signsOfBytes(bytes: Buffer): NextSign {
  // A view of pairs must begin at an even address. What it leaves out at an end belongs to the other pair of its sign.
  const shift = bytes.byteOffset % 2;
  const pairs = new Uint16Array(bytes.buffer, bytes.byteOffset + shift, Math.max(0, bytes.length - shift) >> 1);
  const view = { pairs, shift };
  return (from) => {
    for (let at = pairWithSign(bytes, view, (from - shift) >> 1); at < pairs.length; ) {
      const found = signAround(bytes, at * 2 + shift, from);
      if (found !== undefined) return firstOf(bytes, found, { ...view, at, from });
      at = pairWithSign(bytes, view, at + 1);
    }
    return undefined;
  };
}

/** Bytes as pairs, the first of which stands at `shift`. */
interface Pairs {
  readonly pairs: Uint16Array;
  readonly shift: number;
}

/** A sign, and where in it its pair stands. */
interface Anchor {
  readonly word: string;
  readonly isToken: boolean;
  readonly sign: Buffer;
  readonly offset: number;
  /** Its first byte with the bit that letters differ in by their case. */
  readonly first: number;
}

/** A pair is looked for so far within its sign at most: so far behind one sign an earlier one may still be found. */
const FARTHEST_PAIR = 10;
/** The pairs that stand most often in the logs of Kubernetes' own components and in English, the most frequent first. */
const COMMON = `
  er in on nt co or ed ta ro le es te fo ai st de ne ti me re ou nd un an ce at to od rr ev im ot ge fa ve o: il po .g
  io no go ec fi be he id na nf e= et th it ca ic ar r. en mo ac se ur ad ng cc em ea vi tr el ct di ma sy ag ol ri r=
  l= am da ha ub sg d= up db ef ms ap =i us ni ku g= lu ru ll ys rs rv dd -a dc ch r: tu ry rt s. ra e- nn ss nc al pi
  gr pe sc as wh wi ab lo rd ds af so is rp cd oc pc ae li pr fe ba cu aa bc rc ee ff eb s/ cr e_ fd qu sh bo s: bf tt
  df o. fb bd cf om fc rn si sa tf ox cb .i ex /p of sp ns bb ut ui /v .c fs d: hi tp e: oi um -c ts o- uo ul /c je og
  vo ty dr du d/ yp /d d- e. pa _m r_ op ho n_ oa t: cl tc /f xi d_ .t d. gi la .v -f dl yn pp s- ep if ob i- _i p/ su
  vd ov v/ fr a- va wa o/ pu f- ue b- ie au mi br _s -b pl _c pd n. t/ ki c. cg mp rm oj -k .f t_ oo uc ls sd /r ir ow
  ci fu _g ck bj gc gt r- ke .s c- t= ig -m /s ps a_ t- gg os _q iz cp _r ug ua /a
`
  .trim()
  .split(/\s+/);
/** The anchors that share a pair; of each pair of bytes the index of its list, 0 (an empty one) for most. */
const ANCHORS: Anchor[][] = [[]];
const LIST_OF_PAIR = new Uint8Array(65_536);
/** Which bytes may stand before and after a pair in its signs: 256 for each list. */
const NEIGHBOURS = new Uint8Array(256 * 256);
const BEFORE = 1;
const AFTER = 2;
for (const sign of SIGNS) for (const parity of [0, 1]) addAnchor(sign, parity);

function addAnchor(sign: string, parity: number): void {
  let offset = parity;
  for (let other = parity; other + 1 < sign.length && other <= FARTHEST_PAIR; other += 2)
    if (rarity(sign, other) > rarity(sign, offset)) offset = other;
  const pairs = bothCases(sign.charAt(offset)).flatMap((first) =>
    bothCases(sign.charAt(offset + 1)).map((second) => first.charCodeAt(0) | (second.charCodeAt(0) << 8)),
  );
  const known = LIST_OF_PAIR[pairs[0] ?? 0] ?? 0;
  const list = known === 0 ? ANCHORS.push([]) - 1 : known;
  for (const pair of pairs) LIST_OF_PAIR[pair] = list;
  addNeighbour(list, offset > 0 ? sign.charAt(offset - 1) : undefined, BEFORE);
  addNeighbour(list, offset + 2 < sign.length ? sign.charAt(offset + 2) : undefined, AFTER);
  const isToken = TOKENS.has(sign);
  ANCHORS[list]?.push({ word: sign, isToken, sign: Buffer.from(sign), offset, first: sign.charCodeAt(0) | 32 });
}

/** @param char undefined where the sign does not say what stands there */
function addNeighbour(list: number, char: string | undefined, side: number): void {
  const codes = char === undefined ? NEIGHBOURS.keys().take(256) : bothCases(char).map((each) => each.charCodeAt(0));
  for (const code of codes) NEIGHBOURS[list * 256 + code] = (NEIGHBOURS[list * 256 + code] ?? 0) | side;
}

function rarity(sign: string, at: number): number {
  const place = COMMON.indexOf(sign.slice(at, at + 2));
  return place === -1 ? COMMON.length : place;
}

function bothCases(char: string): readonly string[] {
  return [...new Set([char.toLowerCase(), char.toUpperCase()])];
}

/** The index of the first pair from `start` on that belongs to a sign; four at a time, which no branch delays. */
function pairWithSign(bytes: Buffer, { pairs, shift }: Pairs, start: number): number {
  let at = Math.max(0, start);
  for (;;) {
    for (const last = pairs.length - 4; at <= last; at += 4) if ((has(pairs, at) | has(pairs, at + 2)) !== 0) break;
    for (const end = Math.min(at + 4, pairs.length); at < end; at += 1) {
      const list = LIST_OF_PAIR[pairs[at] ?? 0] ?? 0;
      if (list !== 0 && fitsAt(bytes, at * 2 + shift, list)) return at;
    }
    if (at >= pairs.length) return at;
  }
}

function has(pairs: Uint16Array, at: number): number {
  return (LIST_OF_PAIR[pairs[at] ?? 0] ?? 0) | (LIST_OF_PAIR[pairs[at + 1] ?? 0] ?? 0);
}

/** Whether what stands around a pair may stand around it in one of its signs. */
function fitsAt(bytes: Buffer, at: number, list: number): boolean {
  const before = NEIGHBOURS[list * 256 + (at > 0 ? (bytes[at - 1] ?? 0) : 0)] ?? 0;
  const after = NEIGHBOURS[list * 256 + (bytes[at + 2] ?? 0)] ?? 0;
  return (before & BEFORE) !== 0 && (after & AFTER) !== 0;
}

/** The sign whose pair stands at `at`, the first and longest of them; none that begins before `from`. */
function signAround(bytes: Buffer, at: number, from: number): Sign | undefined {
  const anchors = ANCHORS[LIST_OF_PAIR[(bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)] ?? 0] ?? [];
  let found: Sign | undefined;
  for (const anchor of anchors) {
    const index = at - anchor.offset;
    // Letters differ in this bit by their case; most places are ruled out here.
    if (index < from || ((bytes[index] ?? 0) | 32) !== anchor.first || !standsAt(bytes, anchor.sign, index)) continue;
    const { word, isToken } = anchor;
    if (found === undefined || isBefore(index, word.length, found)) found = { index, word, isToken };
  }
  return found;
}

function isBefore(index: number, length: number, found: Sign): boolean {
  return index < found.index || (index === found.index && length > found.word.length);
}

/** Another sign may begin before, or at the same place and be longer, whose pair stands behind this one's. */
function firstOf(
  bytes: Buffer,
  found: Sign,
  { pairs, at, shift, from }: Pairs & { readonly at: number; readonly from: number },
): Sign {
  let first = found;
  for (let other = at + 1; other * 2 + shift <= first.index + FARTHEST_PAIR && other < pairs.length; other += 1) {
    if (LIST_OF_PAIR[pairs[other] ?? 0] === 0) continue;
    const sign = signAround(bytes, other * 2 + shift, from);
    if (sign !== undefined && isBefore(sign.index, sign.word.length, first)) first = sign;
  }
  return first;
}

function standsAt(bytes: Buffer, sign: Buffer, index: number): boolean {
  if (index + sign.length > bytes.length) return false;
  for (let at = 0; at < sign.length; at += 1) {
    const byte = bytes[index + at] ?? 0;
    if (sign[at] !== (byte >= 65 && byte <= 90 ? byte + 32 : byte)) return false;
  }
  return true;
}
