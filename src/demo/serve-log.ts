import type { ResourceType } from '../model/resource.ts';
import { type Api, type Call, refuse } from './api.ts';
import { answerLog } from './log-answer.ts';

/** Serves a container's log over the wire. */
export async function serveLog(api: Api, call: Call & { readonly type: ResourceType }): Promise<void> {
  const { route, reply } = call;
  const { query, namespace, name } = route;
  const pod = api.store.get(call.type, namespace, name);
  if (pod === undefined) return refuse(reply, 404, 'NotFound', `pods "${name}" not found`);
  const tail = query.get('tailLines');
  const request = {
    container: query.get('container') ?? undefined,
    follow: query.get('follow') === 'true',
    previous: query.get('previous') === 'true',
    sinceTime: query.get('sinceTime') ?? undefined,
    tailLines: tail === null ? undefined : Number(tail),
  };
  const answer = answerLog(api, pod, request, reply.signal);
  if (answer.type === 'refusal') return refuse(reply, answer.status, answer.reason, answer.message);
  reply.begin(200, 'text/plain');
  for await (const bytes of answer.bytes) await reply.write(bytes);
  reply.end();
}
