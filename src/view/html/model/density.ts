import type { Millis } from './clock.ts';
import { NO_LANE, type Rows } from './rows.ts';

/** When each lane wrote its log lines, ascending; an empty list for lanes without. */
export function lineTimes(rows: Rows, lanes: number): Float64Array[] {
  const sizes = new Uint32Array(lanes);
  eachLine(rows, (lane) => {
    sizes[lane] = (sizes[lane] ?? 0) + 1;
  });
  const times = Array.from(sizes, (size) => new Float64Array(size));
  sizes.fill(0);
  eachLine(rows, (lane, at) => {
    const [list, size] = [times[lane], sizes[lane] ?? 0];
    if (list === undefined) return;
    // The order within a log is known, though its clock may step back.
    list[size] = size === 0 ? at : Math.max(at, list[size - 1] ?? at);
    sizes[lane] = size + 1;
  });
  return times;
}

function eachLine(rows: Rows, take: (lane: number, at: Millis) => void): void {
  for (let row = 0; row < rows.count; row += 1) {
    const lane = rows.lane[row] ?? NO_LANE;
    if (rows.type[row] === 0 && lane !== NO_LANE) take(lane, rows.time[row] ?? 0);
  }
}

/** How many of the times lie before a moment. */
export function countBefore(times: Float64Array, at: Millis): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
