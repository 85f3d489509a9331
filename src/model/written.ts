import type { KubeObject } from './resource.ts';

/** When an object was last written, in milliseconds, as far as it tells: in whole seconds, by the server's clock. */
export function writtenMs({
  creationTimestamp,
  managedFields = [],
  ...metadata
}: KubeObject['metadata']): number | undefined {
  let newest = creationTimestamp ?? '';
  for (const { time = '' } of managedFields) if (time > newest) newest = time;
  const ms = Date.parse(newest);
  const told = Number.isNaN(ms) ? undefined : ms;
  // Whoever asks for a deletion is no writer of fields.
  const { deletionTimestamp, deletionGracePeriodSeconds: grace = 0 } = metadata;
  if (deletionTimestamp === undefined) return told;
  return Math.max(told ?? Number.NEGATIVE_INFINITY, Date.parse(deletionTimestamp) - grace * 1000);
}
