/** What stands in a story is not trusted: no escape sequence, control or bidirectional character goes into a digest. */
const UNSAFE = /[\p{Cc}\p{Cf}\u2028\u2029\ufffe\uffff]/gu;
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal escape sequences begin with one
const ESCAPE_SEQUENCE = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|.)/g;

/** A text in one line, cut to a length. */
export function plain(text: string, longest = 300): string {
  const clean = text
    .slice(0, 4 * longest)
    .replace(ESCAPE_SEQUENCE, '')
    .replace(UNSAFE, ' ');
  const characters = [...clean];
  return characters.length <= longest && text.length <= 4 * longest
    ? clean
    : `${characters.slice(0, longest).join('')}…`;
}

/** Text from outside among Markdown: what would be markup is escaped. */
export function inline(text: string, longest?: number): string {
  return plain(text, longest).replace(/[\\`*_[\]<>|#~]/g, '\\$&');
}

/** Lines in a code block that nothing in them can end. */
export function block(lines: readonly string[]): string {
  const longest = Math.max(
    2,
    ...lines.map((line) => Math.max(0, ...(line.match(/`+/g) ?? []).map(({ length }) => length))),
  );
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${lines.join('\n')}\n${fence}`;
}
