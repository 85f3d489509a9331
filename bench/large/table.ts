/** What one watcher took, to its sync and for the changes after it. */
export interface Row {
  readonly name: string;
  readonly foundMs: number;
  readonly syncMs: number;
  readonly syncCpuMs: number;
  readonly syncMB: number;
  readonly peakMiB: number;
  readonly cpuUsPerChange: number;
  readonly bytesPerChange: number;
  readonly noticeMs: { readonly median: number; readonly p99: number };
}

const COLUMNS: readonly (readonly [string, (row: Row) => number, digits: number])[] = [
  ["has web's pods after ms", ({ foundMs }) => foundMs, 0],
  ['synced after ms', ({ syncMs }) => syncMs, 0],
  ['CPU to there ms', ({ syncCpuMs }) => syncCpuMs, 0],
  ['MB received to there', ({ syncMB }) => syncMB, 1],
  ['peak MiB', ({ peakMiB }) => peakMiB, 0],
  ['CPU µs a change', ({ cpuUsPerChange }) => cpuUsPerChange, 0],
  ['bytes a change', ({ bytesPerChange }) => bytesPerChange, 0],
  ['noticed after ms, median', ({ noticeMs }) => noticeMs.median, 2],
  ['p99', ({ noticeMs }) => noticeMs.p99, 2],
];

/** A Markdown table; a pair is a row and the one that its ratios are to. */
export function table(title: string, rows: readonly Row[], pairs: readonly (readonly [Row, Row])[]): string {
  const lines = [
    [title, ...COLUMNS.map(([name]) => name)],
    ['---', ...COLUMNS.map(() => '---')],
    ...rows.map((row) => [row.name, ...COLUMNS.map(([, pick, digits]) => pick(row).toFixed(digits))]),
    ...pairs.map(([own, peer]) => [
      `ratio ${own.name} / ${peer.name}`,
      ...COLUMNS.map(([, pick]) => (pick(own) / Math.max(pick(peer), 0.01)).toFixed(2)),
    ]),
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
