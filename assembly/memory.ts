/**
 * The memory, of one piece that never grows. Who calls writes what is to be looked at to INPUT; behind it as many bytes may be read
 * as a vector has, whatever they are.
 */
export const SECOND: usize = 1024;
export const BEGINNING: usize = 1280;
export const ABOUTS: usize = 2048;
export const ABOUT_BYTES: usize = 1024;
export const RESULT: usize = 4096;
/** Behind it, and before what is looked at, stands a zero. */
export const RESULT_BYTES: usize = 16 * 1024;
/** What names say that were judged last: 64 entries. No name has a length of zero. */
export const NAMES: usize = 32 * 1024;
/** Where signs may begin, four bytes each. */
export const CANDIDATES: usize = 36 * 1024;
export const INPUT: usize = 64 * 1024;
export const INPUT_BYTES: usize = 256 * 1024;
export const OUTPUT: usize = 384 * 1024;
export const OUTPUT_BYTES: usize = 128 * 1024;
export const TABLES: usize = 512 * 1024;
