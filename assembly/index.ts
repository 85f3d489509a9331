export { entries } from './entries';
export { measure } from './measure';
export { ABOUT_BYTES, ABOUTS, BEGINNING, INPUT, INPUT_BYTES, OUTPUT, RESULT, SECOND } from './memory';
