const UNITS = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

/** A duration of whole milliseconds as Kubernetes' tools write it: `10m`, `1h30m`, `1m30s`, `500ms`. */
export function durationText(ms: number): string {
  let rest = Math.round(ms);
  const parts = UNITS.flatMap(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? [] : `${count}${unit}`;
  });
  return parts.join('') || '0s';
}
