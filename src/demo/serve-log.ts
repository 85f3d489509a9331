import type { ResourceType } from '../model/resource.ts';
import { type Api, type Call, refuse } from './api.ts';
import { answerLog, answerProxiedLog, type LogAnswer, type LogRequest } from './log-answer.ts';

/** Serves a container's log over the wire. */
export async function serveLog(api: Api, call: Call & { readonly type: ResourceType }): Promise<void> {
  const { route, reply } = call;
  const pod = api.store.get(call.type, route.namespace, route.name);
  if (pod === undefined) return refuse(reply, 404, 'NotFound', `pods "${route.name}" not found`);
  const container = route.query.get('container') ?? undefined;
  await serve(call, answerLog(api, pod, { container, ...requestIn(route.query) }, reply.signal));
}

/** Serves `containerLogs/NAMESPACE/POD/CONTAINER` of a node. */
export async function serveProxiedLog(api: Api, call: Call, to: { node: string; path: string }): Promise<void> {
  const [, namespace = '', pod = '', container] = to.path.split('/');
  const request = { node: to.node, namespace, pod, container, ...requestIn(call.route.query) };
  await serve(call, answerProxiedLog(api, request, call.reply.signal));
}

function requestIn(query: URLSearchParams): Omit<LogRequest, 'container'> {
  const tail = query.get('tailLines');
  return {
    follow: query.get('follow') === 'true',
    previous: query.get('previous') === 'true',
    sinceTime: query.get('sinceTime') ?? undefined,
    tailLines: tail === null ? undefined : Number(tail),
  };
}

async function serve({ reply }: Call, answer: LogAnswer): Promise<void> {
  if (answer.type === 'refusal') return refuse(reply, answer.status, answer.reason, answer.message);
  reply.begin(200, 'text/plain');
  try {
    for await (const bytes of answer.bytes) await reply.write(bytes);
    reply.end();
  } catch {
    reply.breakOff();
  }
}
