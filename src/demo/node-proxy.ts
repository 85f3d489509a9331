import type { SimulatedNode } from './node.ts';
import { type FileAnswer, nodeFile, ONLY_GET, plainText } from './node-files.ts';

/** A request that the API server passes on to a node's kubelet. */
export interface ProxyRequest {
  readonly node: string;
  /** Below `/proxy/`, decoded. */
  readonly path: string;
  readonly method: string;
  readonly range: string | undefined;
}

export interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly message: string;
}

const NODES = '/api/v1/nodes/';
const PROXY_PATH = /^\/api\/v1\/nodes\/([^/]+)\/proxy(?:\/(.*))?$/;

/** Takes a path apart that leads through the API server to a node; undefined for any other. */
export function proxyPath(path: string): Pick<ProxyRequest, 'node' | 'path'> | undefined {
  if (!path.startsWith(NODES)) return undefined;
  const [, node, rest = ''] = PROXY_PATH.exec(path) ?? [];
  return node === undefined ? undefined : { node, path: rest.includes('%') ? decodeURIComponent(rest) : rest };
}

/** The node that the API server passes a request on to, or its own answer. */
export function wayTo(nodes: readonly SimulatedNode[], name: string): { readonly node: SimulatedNode } | Refusal {
  const node = nodes.find((candidate) => candidate.name === name);
  if (node === undefined) return { status: 404, reason: 'NotFound', message: `nodes "${name}" not found` };
  if (!node.kubelet.isUp) {
    const message = 'error trying to reach service: dial tcp: connect: connection refused';
    return { status: 503, reason: 'ServiceUnavailable', message };
  }
  if (node.fileAccess !== 'forbidden') return { node };
  const message = `nodes "${name}" is forbidden: cannot get resource "nodes/proxy" in API group "" at the cluster scope`;
  return { status: 403, reason: 'Forbidden', message };
}

/** What comes back through the API server, which answers itself where it cannot reach the node. */
export function proxied(nodes: readonly SimulatedNode[], request: ProxyRequest): FileAnswer {
  const way = wayTo(nodes, request.node);
  if (!('node' in way)) return statusAnswer(way);
  const { node } = way;
  if (request.path === 'configz') return configz(node);
  if (!/^logs(\/|$)/.test(request.path) || node.fileAccess === 'missing') return plainText(404, '404 page not found\n');
  if (request.method !== 'GET') return ONLY_GET;
  if (node.fileAccess === 'disabled') return plainText(405, 'logs endpoint is disabled.\n');
  return nodeFile(node, request.path.slice('logs/'.length), request.range);
}

/** The kubelet's own settings, those that tell how it keeps logs. */
function configz({ logs }: SimulatedNode): FileAnswer {
  const { maxBytes, maxFiles, intervalMs } = logs;
  return jsonAnswer(200, {
    kubeletconfig: {
      enableSystemLogHandler: true,
      containerLogMaxSize: maxBytes % 1_048_576 === 0 ? `${maxBytes / 1_048_576}Mi` : String(maxBytes),
      containerLogMaxFiles: maxFiles,
      containerLogMaxWorkers: 1,
      containerLogMonitorInterval: `${intervalMs / 1000}s`,
    },
  });
}

function statusAnswer({ status: code, reason, message }: Refusal): FileAnswer {
  return jsonAnswer(code, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code });
}

function jsonAnswer(status: number, value: object): FileAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(value)) };
}
