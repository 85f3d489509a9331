/** The first bytes of every segment: what it is, and the version of its form. */
export const SEGMENT_MAGIC = Buffer.from('farojnl\x01', 'latin1');

const NAME = /^(\d{6})\.faroj$/;

export function segmentName(number: number): string {
  return `${String(number).padStart(6, '0')}.faroj`;
}

/** The numbers of the segments in a folder, ascending. */
export function segmentNumbers(names: readonly string[]): readonly number[] {
  return names
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}
