/** A name of the format as words for a person: `rolloutBegun` is `rollout begun`. */
export function wordsOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** A detail of a change in words: `exit code 3`; the value alone of a message, and of what the change is named after. */
export function detailText(what: string, name: string, value: unknown): string {
  if (value === true) return wordsOf(name);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return name === 'message' || name === what ? text : `${wordsOf(name)} ${text}`;
}
