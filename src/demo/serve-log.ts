import { field, listOf, path, textOf } from '../model/fields.ts';
import type { ResourceType } from '../model/resource.ts';
import { type Api, type Call, refuse } from './api.ts';
import type { SimulatedLog } from './logs.ts';

/** Answers a request for a container's log as the kubelet does: the current file, and no more than that. */
export async function serveLog(api: Api, call: Call & { readonly type: ResourceType }): Promise<void> {
  const { route, reply } = call;
  const { query, namespace, name } = route;
  const pod = api.store.get(call.type, namespace, name);
  if (pod === undefined) return refuse(reply, 404, 'NotFound', `pods "${name}" not found`);
  const names = [...listOf(path(pod, 'spec', 'initContainers')), ...listOf(path(pod, 'spec', 'containers'))].map(
    (container) => textOf(field(container, 'name')),
  );
  const container = query.get('container') ?? names[0] ?? '';
  if (!names.includes(container))
    return refuse(reply, 400, 'BadRequest', `container ${container} is not valid for pod ${name}`);
  const isPrevious = query.get('previous') === 'true';
  const log = api.log(pod.metadata.uid, container, isPrevious);
  if (log === undefined) {
    const what = isPrevious
      ? `previous terminated container "${container}" in pod "${name}" not found`
      : `container "${container}" in pod "${name}" is waiting to start: ContainerCreating`;
    return refuse(reply, 400, 'BadRequest', what);
  }
  reply.begin(200, 'text/plain');
  await sendLog(call, log);
  reply.end();
}

async function sendLog({ route, reply }: Call, log: SimulatedLog): Promise<void> {
  const { query } = route;
  const tail = query.get('tailLines');
  let next = log.startOf({
    sinceTime: query.get('sinceTime') ?? undefined,
    tailLines: tail === null ? undefined : Number(tail),
  });
  for (;;) {
    const isEnded = log.isEnded;
    const end = log.length;
    if (end > next) await reply.write(log.bytesFrom(next));
    next = Math.max(next, end);
    if (reply.signal.aborted || query.get('follow') !== 'true' || (isEnded && log.length === end)) return;
    if (log.length === end) await log.changed(reply.signal);
  }
}
