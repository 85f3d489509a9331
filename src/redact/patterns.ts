import { isUtf8 } from 'node:buffer';
import { RE2JS } from 're2js';
import { FaroError, messageOf } from '../model/errors.ts';
import type { CredentialPattern } from './log-lines.ts';
import type { Span } from './shapes.ts';

const FORM = /^([A-Za-z][\w-]{0,62})=(.+)$/s;

/**
 * A user's own pattern, `NAME=REGEX`: what the first group of the expression matches, or all of it where it has none, is
 * taken out of every line. The syntax is RE2's, whose time is linear in the text whatever the expression; a line of a log
 * is matched by itself. Throws FaroError `usage`.
 */
export function parsePattern(text: string): CredentialPattern {
  const [, name, expression = ''] = FORM.exec(text) ?? [];
  if (name === undefined)
    throw new FaroError('usage', `--redact-pattern: "${text}" is not NAME=REGEX`, {
      hint: "for example --redact-pattern 'card=\\b\\d{4}(?:-\\d{4}){3}\\b'",
    });
  const compiled = compile(name, expression);
  if (compiled.test(''))
    throw new FaroError('usage', `--redact-pattern ${name}: "${expression}" matches nothing at all, and so everywhere`);
  return {
    name,
    textSpans: (text) => (compiled.test(text) ? spansOf(compiled, text) : []),
    spansIn(line) {
      const isText = isUtf8(line);
      const text = line.toString(isText ? 'utf8' : 'latin1');
      if (!compiled.test(text)) return [];
      const isWide = isText && text.length !== line.length;
      const offsetOf = (at: number) => (isWide ? Buffer.byteLength(text.slice(0, at)) : at);
      return spansOf(compiled, text).map(({ start, end }) => ({ start: offsetOf(start), end: offsetOf(end) }));
    },
  };
}

function compile(name: string, expression: string): RE2JS {
  try {
    return RE2JS.compile(expression);
  } catch (cause) {
    throw new FaroError(
      'usage',
      `--redact-pattern ${name}: "${expression}" is not a regular expression that faro takes: ${messageOf(cause)}`,
      { hint: 'the syntax is that of RE2: https://github.com/google/re2/wiki/Syntax', cause },
    );
  }
}

function spansOf(compiled: RE2JS, text: string): readonly Span[] {
  const matcher = compiled.matcher(text);
  const group = matcher.groupCount() > 0 ? 1 : 0;
  const spans: Span[] = [];
  while (matcher.find()) {
    const [start, end] = [matcher.start(group), matcher.end(group)];
    if (start >= 0 && end > start) spans.push({ start, end });
  }
  return spans;
}
