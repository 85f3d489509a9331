export { entries } from './entries';
export { glance } from './glance';
export { measure } from './measure';
export { ABOUT_BYTES, ABOUTS, BEGINNING, INPUT, INPUT_BYTES, OUTPUT, RESULT, RESULT_BYTES, SECOND } from './memory';
export {
  ANYWHERE,
  CLASSES,
  GROUPS,
  LETTERS,
  SAYS_BYTES,
  SIGN_CLASSES,
  SIGNS,
  TREE_BYTES,
  VALUES,
  WORDS,
} from './tables';
