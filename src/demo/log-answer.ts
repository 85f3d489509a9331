import { Branch } from '../model/branch.ts';
import { containerNamesOf } from '../model/container-specs.ts';
import { path, textOf } from '../model/fields.ts';
import { groupResourceOf, type KubeObject } from '../model/resource.ts';
import type { Api } from './api.ts';
import type { SimulatedNode } from './node.ts';
import { type Refusal, wayTo } from './node-proxy.ts';
import { readPodLog } from './pod-log.ts';

/** A request for a container's log; without a container, of the first one. */
export interface LogRequest {
  readonly container: string | undefined;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly sinceTime: string | undefined;
  readonly tailLines: number | undefined;
}

/** Asks a node's kubelet itself, through the node's proxy. */
export interface ProxiedLogRequest extends LogRequest {
  readonly node: string;
  readonly namespace: string;
  readonly pod: string;
}

/** The answer: the log as it comes, or a refusal. */
export type LogAnswer =
  | { readonly type: 'bytes'; readonly bytes: AsyncGenerator<Buffer> }
  | ({ readonly type: 'refusal' } & Refusal);

/** As the kubelet answers itself: what it does not end is broken off. */
export function answerProxiedLog(
  api: Api,
  { node, namespace, pod: name, ...request }: ProxiedLogRequest,
  signal: AbortSignal,
): LogAnswer {
  const way = wayTo(api.nodes, node);
  if (!('node' in way)) return { type: 'refusal', ...way };
  const pods = api.types.find((type) => groupResourceOf(type) === 'pods');
  const pod = pods === undefined ? undefined : api.store.get(pods, namespace, name);
  if (pod === undefined || textOf(path(pod, 'spec', 'nodeName')) !== node)
    return refusal(404, '', `pod "${name}" does not exist`);
  const { container = '' } = request;
  if (!containerNamesOf(pod.spec).includes(container))
    return refusal(404, '', `container "${container}" not found in pod "${name}"`);
  return answerLog(api, pod, request, signal, { breaksOff: true });
}

/**
 * Answers a request for a container's log as API server and kubelet do together. Ends when `signal` aborts.
 * @param how `breaksOff`: fails where the kubelet stops or its time is over, which looks like the log's end otherwise.
 */
export function answerLog(
  api: Api,
  pod: KubeObject,
  request: LogRequest,
  signal: AbortSignal,
  { breaksOff = false } = {},
): LogAnswer {
  const { name, uid } = pod.metadata;
  const names = containerNamesOf(pod.spec);
  const { container = names[0] ?? '', previous, ...options } = request;
  if (!names.includes(container)) return badRequest(`container ${container} is not valid for pod ${name}`);
  const node = api.nodes.find((candidate) => candidate.name === textOf(path(pod, 'spec', 'nodeName')));
  if (node?.kubelet.isUp === false)
    return refusal(500, 'InternalError', `Get "https://${node.name}:10250/containerLogs": connect: connection refused`);
  const log = api.log(uid, container, previous);
  if (node === undefined || log === undefined)
    return badRequest(
      previous
        ? `previous terminated container "${container}" in pod "${name}" not found`
        : `container "${container}" in pod "${name}" is waiting to start: ContainerCreating`,
    );
  if (log.isRemoved) return { type: 'bytes', bytes: complaint(`unable to retrieve container logs for ${container}`) };
  return {
    type: 'bytes',
    bytes: readPodLog(
      log,
      { ...options, limitMs: node.logs.streamLimitMs, breaksOff },
      { clock: api.clock, over: overOf(node, signal) },
    ),
  };
}

/** What the kubelet says once it has begun to answer. */
async function* complaint(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

/** Over when its node's kubelet stops, or its caller has gone, which each does at last. */
function overOf(node: SimulatedNode, signal: AbortSignal): Branch {
  const over = new Branch(node.kubelet.connections);
  if (signal.aborted) over.abort(signal.reason);
  else signal.addEventListener('abort', () => over.abort(signal.reason), { once: true });
  return over;
}

function badRequest(message: string): LogAnswer {
  return refusal(400, 'BadRequest', message);
}

function refusal(status: number, reason: string, message: string): LogAnswer {
  return { type: 'refusal', status, reason, message };
}
