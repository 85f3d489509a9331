import { TABLES } from './memory';

/** The tables, which are filled by who calls. What each byte is, in bits of four bytes. */
export const CLASSES: usize = TABLES;
/** Of each byte its letter, from 1 on, in either case; 0: none. */
export const LETTERS: usize = CLASSES + 1024;
/** Of each byte its class among those that signs consist of; 0: none. */
export const SIGN_CLASSES: usize = LETTERS + 256;
/**
 * To which groups of signs a byte may belong as their first, second, or third one: by its lower half and by its upper half, sixteen
 * bytes each.
 */
export const GROUPS: usize = SIGN_CLASSES + 256;
/** Trees: what each node says, and behind those SAYS_BYTES of each node the 32, or 64, that follow it. */
export const SIGNS: usize = TABLES + 4096;
export const TREE_BYTES: usize = 96 * 1024;
export const WORDS: usize = SIGNS + TREE_BYTES;
export const ANYWHERE: usize = WORDS + TREE_BYTES;
export const VALUES: usize = ANYWHERE + TREE_BYTES;

export const NAME: u32 = 1;
export const TOKEN: u32 = 2;
export const SPACE: u32 = 4;
export const DIGIT: u32 = 8;
export const COLOUR: u32 = 16;
export const LETTER: u32 = 32;
export const QUOTE: u32 = 64;
export const MAY_GIVE: u32 = 128;
export const BEFORE_PATH: u32 = 256;
export const BEGINS_PATH: u32 = 512;
export const BEGINS_DATA: u32 = 1024;
export const ENDS_VALUE: u32 = 2048;
export const ENDS_URL: u32 = 4096;
export const BEFORE_SIG: u32 = 8192;
export const BEARER: u32 = 16384;

export function isOf(byte: u8, kinds: u32): bool {
  return (load<u32>(CLASSES + ((<usize>byte) << 2)) & kinds) !== 0;
}

/** The end of the longest run of bytes of some kinds. */
export function runEnd(start: usize, kinds: u32): usize {
  let end = start;
  while (isOf(load<u8>(end), kinds)) end += 1;
  return end;
}

export const SAYS_BYTES: usize = 4096;
const ROOT: u32 = 0;
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

/** What is said by the letters that lie in some bytes. */
export function saysOfLetters(tree: usize, start: usize, end: usize): u32 {
  let node = ROOT;
  for (let at = start; at < end && node !== NOWHERE; at += 1) node = next(tree, node, letterOf(load<u8>(at)));
  return says(tree, node);
}

/** The node of the signs that follows; 0: none does. */
export function nextOfSign(node: u32, byte: u8): u32 {
  const kind = load<u8>(SIGN_CLASSES + <usize>byte);
  return kind === 0 ? 0 : load<u16>(SIGNS + SAYS_BYTES + <usize>(((node << 6) | kind) << 1));
}
