import { TABLES } from './memory';

/** The tables, which are filled by who calls. What each byte is, in bits of four bytes. */
export const CLASSES: usize = TABLES;
/** Of each byte its letter, from 1 on, in either case; 0: none. */
export const LETTERS: usize = CLASSES + 1024;
/**
 * To which groups of signs a byte may belong as their first, second, or third one: by its lower half and by its upper half,
 * sixteen bytes each.
 */
export const GROUPS: usize = LETTERS + 256;
/** Kinds of which sixteen bytes are told at once: by the lower half of a byte, a bit for each upper half with which it is of the kind. */
export const IN_NAME: usize = GROUPS + 96;
export const IN_NUMBER: usize = IN_NAME + 16;
/** An @, and what ends a URL. */
export const MAY_END_URL: usize = IN_NUMBER + 16;
/** Sixteen bytes that leave of another one its lower half. */
export const LOWER_HALF: usize = MAY_END_URL + 16;
/** Of each upper half its bit. */
export const UPPER_HALVES: usize = LOWER_HALF + 16;
/** Sixteen bytes of ones, and as many of zeros. */
export const ONES: usize = UPPER_HALVES + 16;
/** Where the first word of each bucket of signs stands, and behind those the words. */
export const SIGNS: usize = TABLES + 4096;
/** Words that say of a value that it is none. */
export const HARMLESS: usize = SIGNS + 12 * 1024;
export const REMARKS: usize = HARMLESS + 1024;
/** Trees: what each node says, and behind those SAYS_BYTES of each node the 32 that follow it. */
export const WORDS: usize = TABLES + 32 * 1024;
export const TREE_BYTES: usize = 96 * 1024;
export const ANYWHERE: usize = WORDS + TREE_BYTES;

export const NAME: u32 = 1;
export const TOKEN: u32 = 2;
export const SPACE: u32 = 4;
export const DIGIT: u32 = 8;
export const COLOUR: u32 = 16;
export const QUOTE: u32 = 32;
export const MAY_GIVE: u32 = 64;
export const BEFORE_PATH: u32 = 128;
export const BEGINS_PATH: u32 = 256;
export const BEGINS_DATA: u32 = 512;
export const ENDS_VALUE: u32 = 1024;
export const BEFORE_SIG: u32 = 2048;
export const BEARER: u32 = 4096;
export const BEGINS_QUOTE: u32 = 8192;
export const BEGINS_SPACE: u32 = 16384;

export function kindsOf(byte: u8): u32 {
  return load<u32>(CLASSES + ((<usize>byte) << 2));
}

export function isOf(byte: u8, kinds: u32): bool {
  return (kindsOf(byte) & kinds) !== 0;
}

/** The end of the longest run of bytes of some kinds. */
export function runEnd(start: usize, kinds: u32): usize {
  let end = start;
  while (isOf(load<u8>(end), kinds)) end += 1;
  return end;
}

/** Of the sixteen bytes from a place on, which are of a kind. */
export function placesOf(place: usize, kind: usize): i32 {
  const bytes = v128.load(place);
  const half = v128.load(LOWER_HALF);
  const upper = v128.and(i16x8.shr_u(bytes, 4), half);
  const told = v128.and(
    i8x16.relaxed_swizzle(v128.load(kind), v128.and(bytes, half)),
    i8x16.relaxed_swizzle(v128.load(UPPER_HALVES), upper),
  );
  return i8x16.bitmask(i8x16.eq(told, i8x16.splat(0))) ^ 0xffff;
}

export const SAYS_BYTES: usize = 4096;
/** The node of what no word begins with. */
export const NOWHERE: u32 = 1;

export function letterOf(byte: u8): u32 {
  return load<u8>(LETTERS + <usize>byte);
}

/** The node that follows when a letter comes. */
export function next(tree: usize, node: u32, letter: u32): u32 {
  return load<u16>(tree + SAYS_BYTES + <usize>(((node << 5) | letter) << 1));
}

/** What is said by what ends at a node; 0: nothing does. */
export function says(tree: usize, node: u32): u32 {
  return load<u8>(tree + <usize>node);
}
