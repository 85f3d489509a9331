/**
 * JSON of Kubernetes objects. Numbers that a double cannot hold (beyond 2^53, or with more digits than it keeps) keep
 * their source text: they are parsed to `RawNumber` and printed as they came. Only documents that hold such a number
 * pay for it.
 */

/** A number that kept its source text; made by `parseJson`, understood by JSON.stringify. */
export interface RawNumber {
  readonly rawJSON: string;
}

// TypeScript's library does not declare the "JSON.parse source text access" proposal yet; V8 ships it since 11.4.
interface JsonWithSource {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
}
const json = JSON as unknown as JsonWithSource;

/**
 * Sixteen digits in a row, or an exponent, where a number may stand: the cheapest sign that one may not survive as a double.
 * A number behind a colon stands behind a name, too, and its quotation mark: the digest of `sha256:1e…` is none.
 */
const MAYBE_LOSSY = /(?:[[,]|(?<="\s*):)\s*-?\d*\.?\d*(?:\d{16}|\d[eE])/;

/**
 * Parses JSON text; throws SyntaxError as JSON.parse does. What is nested so deeply that only a parser without a stack
 * can read it is read, with numbers as doubles.
 */
export function parseJson(text: string): unknown {
  if (!MAYBE_LOSSY.test(text)) return JSON.parse(text);
  try {
    return json.parse(text, (_key, value, context) =>
      typeof value === 'number' && context.source !== undefined && JSON.stringify(value) !== context.source
        ? json.rawJSON(context.source)
        : value,
    );
  } catch (error) {
    if (error instanceof RangeError) return JSON.parse(text);
    throw error;
  }
}

/** Whether parseJson makes of this text, and of any part of it, the same that JSON.parse does. */
export function hasOnlyDoubles(text: string): boolean {
  return !MAYBE_LOSSY.test(text);
}

export function isRawNumber(value: unknown): value is RawNumber {
  return json.isRawJSON(value);
}
