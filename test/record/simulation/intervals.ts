/** An interval in which something is missing, in milliseconds of whatever clock it was told by. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** Kubernetes' own times have whole seconds, and a call takes a moment. */
export const SLACK_MS = 1100;

/** Whether a moment lies in one of the intervals, or nearly. */
export function covers(gaps: readonly Interval[], time: number, slack: number): boolean {
  return gaps.some(({ from, to }) => from - slack <= time && time <= to + slack);
}

/** Whether a moment lies between the ends of one of the intervals. */
export function isWithin(gaps: readonly Interval[], time: number): boolean {
  return gaps.some(({ from, to }) => from < time && time < to);
}

/** For messages. */
export function shown(gaps: readonly Interval[]): string {
  return gaps.map(({ from, to }) => `${iso(from)} to ${iso(to)}`).join(', ') || 'none';
}

export function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
