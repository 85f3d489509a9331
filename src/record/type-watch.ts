import { groupResourceOf } from '../model/resource.ts';
import { type Clock, type Timestamp, timestampOf } from '../model/time.ts';
import type { ReflectorEvent, ReflectorOptions } from '../watch/reflector.ts';
import { reflect } from '../watch/reflector.ts';
import { type Change, Store } from '../watch/store.ts';

/** A change as one watch tells it, with where the watch stood before it (undefined within its list). */
export type WatchedChange = Change<string> & { readonly before: string | undefined; readonly isRelist: boolean };

export interface WatchListener {
  change(change: WatchedChange): void;
  /** A list is complete; `changes` counts what a relist found different. */
  listed(resourceVersion: string, relist: { readonly changes: number; readonly since: Timestamp } | undefined): void;
  trouble(event: Extract<ReflectorEvent, { type: 'denied' | 'failing' }>): void;
}

export type WatchOptions = Omit<ReflectorOptions, 'metadataOnly'> & {
  readonly metadataOnly?: boolean;
  readonly clock: Clock;
};

/** Secrets and ConfigMaps are only ever read as metadata: their data never reaches this process. */
const METADATA_ONLY = new Set(['secrets', 'configmaps']);

/** Runs one reflector and tells the listener what changed, repeats dropped, until the signal aborts. */
export async function watchType(options: WatchOptions, listener: WatchListener, signal: AbortSignal): Promise<void> {
  const { clock, type } = options;
  const metadataOnly = options.metadataOnly === true || METADATA_ONLY.has(groupResourceOf(type));
  const store = new Store((object) => object.metadata.name);
  let relist: { changes: number; since: Timestamp } | undefined;
  let lastHeard = timestampOf(clock.now());
  for await (const event of reflect({ ...options, metadataOnly }, signal)) {
    if (event.type === 'init') relist = event.relist ? { changes: 0, since: lastHeard } : undefined;
    const before = event.type === 'apply' || event.type === 'delete' ? event.before : undefined;
    for (const change of store.take(event)) {
      if (relist !== undefined) relist.changes += 1;
      listener.change({ ...change, before, isRelist: relist !== undefined });
    }
    if (event.type === 'initDone') {
      listener.listed(event.resourceVersion, relist);
      relist = undefined;
    } else if (event.type === 'denied' || event.type === 'failing') listener.trouble(event);
    if (event.type !== 'failing' && event.type !== 'denied') lastHeard = timestampOf(clock.now());
  }
}
