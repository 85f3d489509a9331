/**
 * About how many tokens a language model makes of a text, rather too many: two and a half characters of ASCII a token (prose
 * has four to five, logs with their numbers and names about three), a token for each byte of anything else.
 */
export function tokensOf(text: string): number {
  const ascii = text.replace(/[^\x20-\x7e\n]/g, '');
  return Math.ceil(ascii.length / 2.5) + (Buffer.byteLength(text) - ascii.length);
}
