export { entries } from './entries';
export { bucketOf, glance } from './glance';
export { measure } from './measure';
export { ABOUT_BYTES, ABOUTS, BEGINNING, INPUT, INPUT_BYTES, OUTPUT, RESULT, RESULT_BYTES, SECOND } from './memory';
export {
  ANYWHERE,
  CLASSES,
  GROUPS,
  HARMLESS,
  IN_NAME,
  IN_NUMBER,
  LETTERS,
  LOWER_HALF,
  MAY_END_URL,
  ONES,
  REMARKS,
  SAYS_BYTES,
  SIGNS,
  TREE_BYTES,
  UPPER_HALVES,
  WORDS,
} from './tables';
