import { type Assembly, assembly, CLOSING_BYTES } from '../simd/assembly.ts';
import { endsUnquoted, REMARKS } from './assignment.ts';
import { ABOUT, HARMLESS_WORDS, LAST_WORDS, MEASURES, PARTS } from './names.ts';
import { isBearerChar, isNameChar, isSpace, isTokenChar } from './shapes.ts';
import { kindOfSign, SIGNS, type SignKind } from './signs.ts';
import { wordList } from './word-list.ts';
import { LETTER_OF, WordTree } from './word-tree.ts';

/**
 * Where lines have to be read, since they may hold a credential: a place in each of them, in order, by a look at a few bytes around
 * what may be a sign of one. Nearly every URL and every `token accepted` of a log is passed over; no line is that reading would find
 * a credential in.
 */
export function placesToRead(bytes: Buffer): readonly number[] {
  fillTables();
  const all = assembly();
  const { memory, run, result } = all;
  const [input, width] = [run.INPUT.value, run.INPUT_BYTES.value - CLOSING_BYTES];
  const places: number[] = [];
  for (let from = 0; from < bytes.length; ) {
    const end = wholeEnd(bytes, from, width);
    if (end - from > width) places.push(from);
    else {
      all.shown = undefined;
      bytes.copy(memory, input, from, end);
      const to = input + end - from;
      memory[to] = NEWLINE;
      for (let at = input; at < to; at = result[0] ?? to) {
        run.glance(at, to);
        for (const place of result.subarray(2, 2 + (result[1] ?? 0))) places.push(place - input + from);
      }
    }
    from = end;
  }
  return places;
}

/** Where the last line ends that lies within so many bytes; or the first one, which is longer. */
function wholeEnd(bytes: Buffer, from: number, width: number): number {
  if (bytes.length - from <= width) return bytes.length;
  const end = bytes.lastIndexOf(NEWLINE, from + width - 1) + 1;
  if (end > from) return end;
  const next = bytes.indexOf(NEWLINE, from);
  return next === -1 ? bytes.length : next + 1;
}

const NEWLINE = 10;

const DIGITS = '0123456789';

/** What bytes are told apart by: in the order of their bits in `assembly/tables.ts`. */
const KINDS: readonly ((code: number) => boolean)[] = [
  isNameChar,
  isTokenChar,
  isSpace,
  among(DIGITS),
  among(`${DIGITS};`),
  among('"\'`'),
  among(' \t=:"\'`\\\x1b'), // what may give a value to the name before it
  among('/@:'), // before a name that is part of a path
  among('/:'), // at the beginning of a value that is
  among('{['), // at the beginning of data
  endsUnquoted,
  among('?&_-'), // before a signature; signals are told as sig=9
  isBearerChar,
  among('"\'`\\'),
  among(' \t\x1b'),
];

function among(chars: string): (code: number) => boolean {
  return (code) => chars.includes(String.fromCharCode(code));
}

/** What signs are to `assembly/glance.ts`. */
const SIGN_SAYS: Readonly<Record<SignKind, number>> = {
  name: 1,
  token: 2,
  url: 3,
  key: 4,
  sig: 5,
  bearer: 6,
  source: 7,
};
/** What the words of names say, to `assembly/names.ts`. */
const [LAST_WORD, ABOUT_WORD, MEASURE, TOKENS] = [1, 2, 4, 8];
/**
 * Signs are grouped by how they begin: the fewer pairs of halves a group has at each place, the fewer places are taken for signs. These
 * groups were found by trial: of 10,000 bytes of logs, source and prose they take 230 for the beginning of a sign, by chance or not,
 * and none of what lines are filled up with, as `xxxx`.
 */
const GROUPS: readonly (readonly string[])[] = [
  'npm eyj @tc enc lic',
  'aki asi @un bea dsn api acc',
  'cre coo con',
  'ghp git glp gld aiz dop aut jwt dep',
  'gho ghu ghs ghr glr glc hvs hvb mas',
  'pyp shp pas pwd psk sig pri sha ssh',
  'xap ya2 whs sk- --- sec ses web',
  'xox sk_ rk_ sg. :// tok',
].map((beginnings) => beginnings.split(' '));
const GROUPED_BYTES = 3;

let isFilled = false;

/** When the first lines come: it takes a millisecond, and a start waits for none. */
function fillTables(): void {
  if (isFilled) return;
  const all = assembly();
  const kinds = Uint32Array.from(BYTES, (code) =>
    KINDS.reduce((bits, has, bit) => bits | (has(code) ? 1 << bit : 0), 0),
  );
  all.put('CLASSES', kinds);
  all.put('LETTERS', LETTER_OF);
  all.put('GROUPS', signGroups());
  all.put('IN_NAME', kind(isNameChar));
  all.put('IN_NUMBER', kind(among(DIGITS)));
  all.put('MAY_END_URL', kind(among('@ \t\r\n"\'`<>\\|')));
  all.put('LOWER_HALF', Buffer.alloc(16, 0x0f));
  all.put(
    'UPPER_HALVES',
    Uint8Array.from({ length: 8 }, (_, upper) => 1 << upper),
  );
  all.put('ONES', Buffer.alloc(16, 0xff));
  all.put('SIGNS', signs(all));
  const saying = (words: Iterable<string>, says: number) => [...words].map((word) => [word, says] as const);
  const words = [...saying(LAST_WORDS, LAST_WORD), ...saying(ABOUT, ABOUT_WORD), ...saying(MEASURES, MEASURE)];
  all.putTree('WORDS', new WordTree([...words, ['tokens', TOKENS]]));
  all.putTree('ANYWHERE', new WordTree(saying(PARTS, 1), { searches: true }));
  all.put('HARMLESS', wordList(saying(HARMLESS_WORDS, 1), all.run.HARMLESS.value));
  all.put('REMARKS', wordList(saying(REMARKS, 1), all.run.REMARKS.value));
  isFilled = true;
}

const BYTES = Array.from({ length: 256 }, (_, code) => code);

const BUCKETS = 256;

/** Where the first word of each bucket of signs stands, and those words. */
function signs({ run }: Assembly): Buffer {
  const firsts = new Uint32Array(BUCKETS);
  const bucketOf = (sign: string) => run.bucketOf(Buffer.from(`${sign} `, 'latin1').readUInt32LE()) >>> 0;
  const lists: Buffer[] = [];
  let at = run.SIGNS.value + firsts.byteLength;
  for (const [bucket, some] of Map.groupBy(SIGNS, bucketOf)) {
    const list = wordList(
      some.map((sign) => [sign, SIGN_SAYS[kindOfSign(sign)]]),
      at,
    );
    firsts[bucket] = at;
    at += list.length;
    lists.push(list);
  }
  return Buffer.concat([Buffer.from(firsts.buffer), ...lists]);
}

/** By the lower half of a byte and by its upper half: the groups to whose signs it may belong as their first character, and so on. */
export function signGroups(): Uint8Array {
  const table = new Uint8Array(GROUPED_BYTES * 32);
  for (const sign of SIGNS) {
    const bit = 1 << GROUPS.findIndex((group) => group.some((beginning) => sign.startsWith(beginning)));
    for (let index = 0; index < GROUPED_BYTES; index += 1)
      for (const code of codesOf(sign.charAt(index)))
        for (const at of [32 * index + (code & 15), 32 * index + 16 + (code >> 4)]) table[at] = (table[at] ?? 0) | bit;
  }
  return table;
}

/** By the lower half of a byte a bit for each upper half with which it is of a kind. */
function kind(has: (code: number) => boolean): Uint8Array {
  const halves = Array.from({ length: 8 }, (_, upper) => upper);
  return Uint8Array.from({ length: 16 }, (_, lower) =>
    halves.reduce((bits, upper) => bits | (has((upper << 4) | lower) ? 1 << upper : 0), 0),
  );
}

function codesOf(char: string): readonly number[] {
  return [char.toLowerCase(), char.toUpperCase()].map((each) => each.charCodeAt(0));
}
