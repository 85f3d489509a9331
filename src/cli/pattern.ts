import { RE2JS } from 're2js';
import { FaroError, messageOf } from '../model/errors.ts';

/** Whether a text holds a match; in time linear in the text, whatever the expression. */
export type Matcher = (text: string) => boolean;

/** Compiles a regular expression of RE2's syntax. Throws FaroError `usage` naming what is wrong with it. */
export function matcherOf(expression: string, option: string): Matcher {
  try {
    const compiled = RE2JS.compile(expression);
    return (text) => compiled.matcher(text).find();
  } catch (cause) {
    throw new FaroError(
      'usage',
      `${option}: "${expression}" is not a regular expression that faro takes: ${messageOf(cause)}`,
      {
        hint: UNSUPPORTED.test(expression)
          ? 'lookaround and backreferences are left out of RE2 expressions, because they can take for ever'
          : 'the syntax is that of RE2: https://github.com/google/re2/wiki/Syntax',
        cause,
      },
    );
  }
}

const UNSUPPORTED = /\(\?<?[=!]|\\[1-9]|\\k</;
