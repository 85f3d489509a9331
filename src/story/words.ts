/** A name of the format as words for a person: `rolloutBegun` is `rollout begun`. */
export function wordsOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
