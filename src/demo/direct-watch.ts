import type { ListOptions, WatchFrame, WatchOptions } from '../kube/client.ts';
import { ApiError } from '../kube/error.ts';
import type { KubeObject, ResourceType } from '../model/resource.ts';
import { type Api, presented } from './api.ts';
import { isSelected } from './store.ts';
import { bookmarkMs, isServed } from './types.ts';

/** A watch as the API server answers it, without a wire. Ends at its time limit, or when `signal` aborts. */
export async function* directWatch(
  api: Api,
  { type, options }: { readonly type: ResourceType; readonly options: WatchOptions },
  signal: AbortSignal,
): AsyncGenerator<WatchFrame> {
  const { store, clock } = api;
  const { resourceVersion = store.resourceVersion, sendInitialEvents = false, timeoutSeconds = 3600 } = options;
  const after = (ms: number, what: Wake) =>
    clock.sleep(ms, signal).then(
      () => what,
      () => 'over' as const,
    );
  let position = Number(sendInitialEvents ? store.resourceVersion : resourceVersion);
  if (sendInitialEvents) {
    for (const object of selected(api, type, options))
      yield { type: 'ADDED', object: shown(object, options.metadataOnly) };
    yield { type: 'BOOKMARK', resourceVersion: String(position), initialEventsEnd: true };
  }
  const over = after(timeoutSeconds * 1000, 'over');
  let bookmark = after(bookmarkMs(type), 'bookmark');
  while (!signal.aborted && isServed(api.types, type)) {
    const changes = store.since(type, position);
    if (changes === undefined) throw new ApiError(410, 'too old resource version', { reason: 'Expired' });
    for (const change of changes) {
      position = change.resourceVersion;
      if (matches(change.object, options))
        yield { type: change.type, object: shown(change.object, options.metadataOnly) };
    }
    if (store.since(type, position)?.length !== 0) continue;
    const wake = await Promise.race([over, bookmark, store.changedIn(type, signal)]);
    if (wake === 'over') return;
    if (wake !== 'bookmark') continue;
    yield { type: 'BOOKMARK', resourceVersion: String(position), initialEventsEnd: false };
    bookmark = after(bookmarkMs(type), 'bookmark');
  }
}

type Wake = 'over' | 'bookmark';

/** The objects of a type that a watch asks for. */
function selected(api: Api, type: ResourceType, options: WatchOptions): readonly KubeObject[] {
  return api.store.list(type, options.namespace).filter((object) => matches(object, options));
}

/** Whether a list or a watch asks for an object. */
export function matches(object: KubeObject, options: ListOptions | WatchOptions): boolean {
  const { namespace, name } = options;
  const isThere = namespace === null || object.metadata.namespace === namespace;
  return isThere && (name === undefined || object.metadata.name === name) && isSelected(object, options);
}

/** The object, or only its metadata, as a client gets it. */
export function shown(object: KubeObject, metadataOnly = false): KubeObject {
  if (!metadataOnly) return object;
  const { apiVersion, kind } = object;
  return { ...(presented(object, 'as=PartialObjectMetadata') as KubeObject), apiVersion, kind };
}
