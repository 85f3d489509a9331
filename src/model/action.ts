/**
 * What a state of an object means: `found` at the start, `created` and `changed` while recording, `deleted` with the
 * last state as the server sent it, `deletedUnseen` when a relist proved that it is gone (the state is the last known).
 */
export type ObjectAction = 'found' | 'created' | 'changed' | 'deleted' | 'deletedUnseen';

/** Whether an object is gone with it, seen or not. */
export function isDeletion(action: ObjectAction): boolean {
  return action === 'deleted' || action === 'deletedUnseen';
}
