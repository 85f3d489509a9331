const MARKER = /\[redacted:[A-Za-z][\w-]{0,62}\]/g;

/**
 * Whether a line may have been written down as `written`: they are the same but for what stands at its markers.
 */
export function isRedactionOf(written: Buffer, raw: Buffer): boolean {
  const text = written.toString('latin1');
  const from = raw.toString('latin1');
  const pieces = text.split(MARKER);
  const [head = '', ...rest] = pieces;
  const tail = rest.pop();
  if (tail === undefined) return text === from;
  if (!from.startsWith(head) || !from.endsWith(tail) || from.length < head.length + tail.length) return false;
  let at = head.length;
  for (const piece of rest) {
    const found = from.indexOf(piece, at);
    if (found === -1 || found + piece.length > from.length - tail.length) return false;
    at = found + piece.length;
  }
  return true;
}
