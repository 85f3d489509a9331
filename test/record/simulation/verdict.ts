/** What a schedule came to, and how much more it called missing than was. All numbers add up over schedules. */
export interface Verdict {
  stories: number;
  /** Stories of recorders that were killed. */
  killed: number;
  /** Stories that lack nothing and are called incomplete, though nobody killed their recorders. */
  storiesOverstated: number;
  states: number;
  statesMissing: number;
  lines: number;
  linesMissing: number;
  /** Lines that were received though a stated gap spans them. */
  linesInGaps: number;
  instances: number;
  /** Instances without a missing line that are told with a gap, or whose end is not proven. */
  overstated: number;
}

export function noVerdict(): Verdict {
  const states = { stories: 0, killed: 0, storiesOverstated: 0, states: 0, statesMissing: 0 };
  return {
    ...states,
    lines: 0,
    linesMissing: 0,
    linesInGaps: 0,
    instances: 0,
    overstated: 0,
  };
}

/** Adds one verdict to another. */
export function addTo(sum: Verdict, more: Verdict): void {
  for (const key of Object.keys(more) as (keyof Verdict)[]) sum[key] += more[key];
}
