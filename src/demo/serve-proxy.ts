import { type Api, type Call, refuse } from './api.ts';
import { type ProxyRequest, proxied } from './node-proxy.ts';
import { serveProxiedLog } from './serve-log.ts';

/** Answers a request that goes through the API server to a node. */
export async function serveProxy(
  api: Api,
  call: Call,
  { user, ...to }: Pick<ProxyRequest, 'node' | 'path'> & { readonly user: string },
): Promise<void> {
  const { route, reply, range } = call;
  const isAllowed = api.authorize({
    user,
    verb: 'get',
    group: '',
    resource: 'nodes/proxy',
    namespace: null,
    name: to.node,
  });
  if (!isAllowed) {
    const what = `nodes "${to.node}" is forbidden: User "${user}" cannot get resource "nodes/proxy" in API group ""`;
    return refuse(reply, 403, 'Forbidden', `${what} at the cluster scope`);
  }
  if (to.path.startsWith('containerLogs/')) return serveProxiedLog(api, call, to);
  const { status, headers, body } = proxied(api.nodes, { ...to, method: route.method, range });
  const { 'content-type': type, ...others } = headers;
  reply.begin(status, type, { ...others, 'content-length': String(body.length) });
  await reply.write(body);
  reply.end();
}
