import { assembly, CLOSING_BYTES } from '../simd/assembly.ts';
import { endsUnquoted, REMARKS } from './assignment.ts';
import { ABOUT, HARMLESS_WORDS, LAST_WORDS, MEASURES, PARTS } from './names.ts';
import { isBearerChar, isNameChar, isSpace, isTokenChar } from './shapes.ts';
import { kindOfSign, SIGNS, type SignKind } from './signs.ts';
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

/** What bytes are told apart by: in the order of their bits in `assembly/tables.ts`. */
const KINDS: readonly ((code: number) => boolean)[] = [
  isNameChar,
  isTokenChar,
  isSpace,
  among('0123456789'),
  among('0123456789;'),
  (code) => LETTER_OF[code] !== 0,
  among('"\'`'),
  among(' \t=:"\'`\\\x1b'), // what may give a value to the name before it
  among('/@:'), // before a name that is part of a path
  among('/:'), // at the beginning of a value that is
  among('{['), // at the beginning of data
  endsUnquoted,
  among(' \t\r\n"\'`<>\\|'), // what ends a URL
  among('?&_-'), // before a signature; signals are told as sig=9
  isBearerChar,
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
/** What values say, to `assembly/assignment.ts`. */
const [HARMLESS, REMARK] = [1, 2];
/** Signs are grouped by their first characters: the fewer pairs a group has, the fewer places are taken for signs. */
const GROUPS = ['-:@', 'a', 'bc', 'deg', 'hjlmn', 'p', 's', 'rtwxy'];
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
  const classes = signClasses();
  all.put('SIGN_CLASSES', classes);
  all.put('GROUPS', groups());
  const signs = SIGNS.map((sign) => [sign, SIGN_SAYS[kindOfSign(sign)]] as const);
  all.putTree('SIGNS', new WordTree(signs, { classes, bits: 6, nowhere: 0 }));
  const saying = (words: Iterable<string>, says: number) => [...words].map((word) => [word, says] as const);
  const words = [...saying(LAST_WORDS, LAST_WORD), ...saying(ABOUT, ABOUT_WORD), ...saying(MEASURES, MEASURE)];
  all.putTree('WORDS', new WordTree([...words, ['tokens', TOKENS]]));
  all.putTree('ANYWHERE', new WordTree(saying(PARTS, 1), { searches: true }));
  all.putTree('VALUES', new WordTree([...saying(HARMLESS_WORDS, HARMLESS), ...saying(REMARKS, REMARK)]));
  isFilled = true;
}

const BYTES = Array.from({ length: 256 }, (_, code) => code);

/** Of each byte, in either case, its number among those that signs consist of. */
function signClasses(): Uint8Array<ArrayBuffer> {
  const chars = [...new Set(SIGNS.join(''))];
  const classes = new Uint8Array(256);
  for (const [index, char] of chars.entries()) for (const code of codesOf(char)) classes[code] = index + 1;
  return classes;
}

/** By the lower half of a byte and by its upper half: the groups to whose signs it may belong as their first, second or third one. */
function groups(): Uint8Array {
  const table = new Uint8Array(GROUPED_BYTES * 32);
  for (const sign of SIGNS) {
    const bit = 1 << GROUPS.findIndex((firsts) => firsts.includes(sign.charAt(0)));
    for (let index = 0; index < GROUPED_BYTES; index += 1)
      for (const code of codesOf(sign.charAt(index)))
        for (const at of [32 * index + (code & 15), 32 * index + 16 + (code >> 4)]) table[at] = (table[at] ?? 0) | bit;
  }
  return table;
}

function codesOf(char: string): readonly number[] {
  return [char.toLowerCase(), char.toUpperCase()].map((each) => each.charCodeAt(0));
}
