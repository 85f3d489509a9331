import { FaroError } from '../model/errors.ts';

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Bytes of a quantity as Kubernetes writes it: `500Mi`, `2G`, `1000000`. */
export function parseSize(text: string, option: string): number {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)(|k|[MGT]|[KMGT]i)$/.exec(text) ?? [];
  if (count !== undefined) return Math.floor(Number(count) * (UNITS[unit] ?? 1));
  throw new FaroError('usage', `${option}: "${text}" is not a size`, { hint: 'write it like 500Mi, 2G or 1000000' });
}
