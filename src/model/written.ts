import type { KubeObject } from './resource.ts';

/** When an object was last written, in milliseconds, as far as it tells: in whole seconds, by the server's clock. */
export function writtenMs({ creationTimestamp, managedFields = [] }: KubeObject['metadata']): number | undefined {
  let newest = creationTimestamp ?? '';
  for (const { time = '' } of managedFields) if (time > newest) newest = time;
  const ms = Date.parse(newest);
  return Number.isNaN(ms) ? undefined : ms;
}
