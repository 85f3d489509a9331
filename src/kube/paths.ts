import { apiVersionOf, type ResourceType } from '../model/resource.ts';
import type { ListOptions, LogOptions, WatchOptions } from './client.ts';

/** The path of a type's collection; `namespace` null is the whole cluster. */
export function pathOf(type: ResourceType, namespace: string | null): string {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${apiVersionOf(type)}`;
  const place = namespace === null || !type.namespaced ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${place}/${type.resource}`;
}

export function listPath(type: ResourceType, options: ListOptions): string {
  const { namespace, limit, resourceVersion, resourceVersionMatch } = options;
  return withQuery(pathOf(type, namespace), {
    ...selectors(options),
    limit,
    continue: options.continue,
    resourceVersion,
    resourceVersionMatch,
  });
}

/** Bookmarks always: without them a quiet watch looks like a dead one, and resumes from too far back. */
export function watchPath(type: ResourceType, options: WatchOptions): string {
  const { namespace, resourceVersion, timeoutSeconds, sendInitialEvents } = options;
  const streamingList = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' };
  return withQuery(pathOf(type, namespace), {
    watch: 1,
    allowWatchBookmarks: true,
    ...selectors(options),
    resourceVersion,
    timeoutSeconds,
    ...(sendInitialEvents === true ? streamingList : {}),
  });
}

/** Lines with their timestamps, always: without them a log cannot be resumed. */
export function logPath({ follow, previous, sinceTime, tailLines, limitBytes, ...of }: LogOptions): string {
  const [namespace, pod, container] = [of.namespace, of.pod, of.container].map(encodeURIComponent);
  const path =
    of.node !== undefined
      ? `/api/v1/nodes/${encodeURIComponent(of.node)}/proxy/containerLogs/${namespace}/${pod}/${container}`
      : `/api/v1/namespaces/${namespace}/pods/${pod}/log`;
  return withQuery(path, {
    container: of.node === undefined ? of.container : undefined,
    timestamps: true,
    follow: follow === true ? true : undefined,
    previous: previous === true ? true : undefined,
    sinceTime,
    tailLines,
    limitBytes,
  });
}

function selectors({
  name,
  fieldSelector,
  labelSelector,
}: Pick<ListOptions, 'name' | 'fieldSelector' | 'labelSelector'>) {
  const fields = [name === undefined ? undefined : `metadata.name=${name}`, fieldSelector].filter(
    (selector) => selector !== undefined,
  );
  return { fieldSelector: fields.length === 0 ? undefined : fields.join(','), labelSelector };
}

function withQuery(path: string, fields: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? path : `${path}?${query}`;
}
