import { deletionRequestOf } from './deletion.ts';
import type { KubeObject } from './resource.ts';
import { millisecondsOf } from './time.ts';

/** When an object was last written, in milliseconds, as far as it tells: in whole seconds, by the server's clock. */
export function writtenMs(metadata: KubeObject['metadata']): number | undefined {
  const { creationTimestamp, managedFields = [] } = metadata;
  let newest = creationTimestamp ?? '';
  for (const { time = '' } of managedFields) if (time > newest) newest = time;
  const ms = Date.parse(newest);
  const told = Number.isNaN(ms) ? undefined : ms;
  // Whoever asks for a deletion is no writer of fields.
  const deletion = deletionRequestOf(metadata);
  return deletion === undefined ? told : Math.max(told ?? Number.NEGATIVE_INFINITY, millisecondsOf(deletion.time));
}
