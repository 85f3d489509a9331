import { FaroError } from '../model/errors.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a duration as Kubernetes' tools write it: `90s`, `1h30m`, `500ms`; a bare 0 is allowed. */
export function parseDuration(text: string, option: string): number {
  if (text === '0') return 0;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const isWhole = parts.length > 0 && parts.map(([part]) => part).join('') === text;
  if (!isWhole)
    throw new FaroError('usage', `${option}: "${text}" is not a duration`, {
      hint: 'write it like 30s, 10m, 1h30m or 500ms',
    });
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0), 0);
}
