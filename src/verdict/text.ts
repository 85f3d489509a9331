import { printable } from '../model/printable.ts';

/** A text of a workload on one line, harmless to print, and of no more than `length` characters. */
export function brief(text: string, length = 200): string {
  // Cut before it is searched: a line may have megabytes.
  const line = printable(
    text
      .slice(0, 4 * length)
      .replace(/\s+/g, ' ')
      .trim(),
  );
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}

/** What gRPC puts before an error's own text. */
const RPC = /(?:rpc error: )?code = \w+ desc = /g;
const LONG_ID = /\b([0-9a-f]{12})[0-9a-f]{52}\b/g;

/** The heart of an error that wraps others, as Go programs write them: its last parts. */
export function coreOf(message: string): string {
  const parts = brief(message, 2000).replace(RPC, '').replace(LONG_ID, '$1').split(': ');
  return brief(parts.slice(-2).join(': '), 160);
}
