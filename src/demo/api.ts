import { PROTOBUF } from '../kube/metadata-protobuf.ts';
import { apiVersionOf, groupResourceOf, type KubeObject, type ResourceType } from '../model/resource.ts';
import type { Clock } from '../model/time.ts';
import type { Answer } from './answer.ts';
import type { Availability } from './availability.ts';
import type { ContainerLog } from './container-log.ts';
import { discovery } from './discovery.ts';
import type { Fault, FaultRequest, Faults } from './faults.ts';
import type { SimulatedNode } from './node.ts';
import { proxyPath } from './node-proxy.ts';
import { type Document, protobufDocument } from './protobuf.ts';
import { serveLog } from './serve-log.ts';
import { serveProxy } from './serve-proxy.ts';
import { serveWatch } from './serve-watch.ts';
import { isSelected, type Selectors, type SimulatedStore } from './store.ts';

/** Who may do what: true where it is allowed. */
export type Authorizer = (attributes: {
  user: string;
  verb: string;
  group: string;
  resource: string;
  namespace: string | null;
  name: string;
}) => boolean;

/** Everything that the API of the simulated cluster stands on. */
export interface Api {
  readonly clock: Clock;
  readonly store: SimulatedStore;
  readonly faults: Faults;
  /** Grows when a CustomResourceDefinition is created. */
  readonly types: ResourceType[];
  /** User names by bearer token. */
  readonly users: Map<string, string>;
  readonly nodes: readonly SimulatedNode[];
  /** The log of a container's newest run, or of the one before. */
  readonly log: (podUid: string, container: string, previous: boolean) => ContainerLog | undefined;
  /** Of the API server itself. */
  readonly server: Availability;
  authorize: Authorizer;
  /** How new the server is: what it serves and understands. */
  readonly features: { aggregatedDiscovery: boolean; watchList: boolean; protobuf: boolean };
  readonly maxStreams: number;
}

/** Where a request leads. */
export interface Route {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly type: ResourceType | undefined;
  readonly namespace: string | null;
  readonly name: string;
  readonly subresource: string;
  readonly fault: FaultRequest;
}

export interface Call {
  readonly route: Route;
  readonly reply: Answer;
  readonly body: unknown;
  readonly token: string;
  readonly accept: string;
  /** The Range header. */
  readonly range: string | undefined;
  readonly fault: Fault | undefined;
}

/** `/api/v1/namespaces/NS/pods/NAME/log` and its likes; what leads nowhere has no type. */
const RESOURCE_PATH =
  /^\/(?:api|apis\/([^/]+))\/(v[^/]+)(?:\/namespaces\/([^/]+)(?=\/))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/;

export function routeOf(api: Api, method: string, url: string): Route {
  const { pathname: path, searchParams: query } = new URL(url, 'https://localhost');
  const [, group = '', version, namespace, resource = '', name = '', subresource = ''] = RESOURCE_PATH.exec(path) ?? [];
  const type = api.types.find(
    (candidate) => candidate.group === group && candidate.version === version && candidate.resource === resource,
  );
  const verb = verbOf({ path, query, type, name, subresource });
  return {
    method,
    path,
    query,
    type,
    namespace: namespace ?? null,
    name,
    subresource,
    fault: { path, query, verb, resource },
  };
}

function verbOf({
  path,
  query,
  type,
  name,
  subresource,
}: Pick<Route, 'path' | 'query' | 'type' | 'name' | 'subresource'>) {
  if (query.get('watch') === '1' || query.get('watch') === 'true') return 'watch';
  if (subresource === 'log') return 'log';
  const toNode = proxyPath(path);
  if (toNode !== undefined) return toNode.path.startsWith('containerLogs/') ? 'log' : 'files';
  if (type === undefined) return 'other';
  return name === '' ? 'list' : 'get';
}

export async function handle(api: Api, call: Call): Promise<void> {
  const { route, reply, fault } = call;
  if (fault?.type === 'status') return refuse(reply, fault.status, fault.reason, 'a planned fault', fault.retryAfter);
  if (fault?.type === 'body') return reply.text(200, fault.contentType, fault.text);
  const user = api.users.get(call.token);
  if (user === undefined) return refuse(reply, 401, 'Unauthorized', 'Unauthorized');
  if (route.path === '/version')
    return reply.json(200, { major: '1', minor: '37', gitVersion: 'v1.37.2-simulated', platform: 'simulated' });
  if (route.path === '/readyz') return reply.text(200, 'text/plain', 'ok');
  if (route.path.endsWith('/selfsubjectaccessreviews')) return review(api, call, user);
  const toNode = proxyPath(route.path);
  if (toNode !== undefined) return serveProxy(api, call, { ...toNode, user });
  const found = discovery(api.types, route.path, api.features.aggregatedDiscovery ? call.accept : '');
  if (found !== undefined) return reply.json(200, found);
  if (route.type === undefined)
    return refuse(reply, 404, 'NotFound', 'the server could not find the requested resource');
  return handleResource(api, { ...call, type: route.type, user });
}

async function handleResource(
  api: Api,
  call: Call & { readonly type: ResourceType; readonly user: string },
): Promise<void> {
  const { route, reply, type, user } = call;
  const { namespace, name, subresource, query } = route;
  const resource = subresource === '' ? type.resource : `${type.resource}/${subresource}`;
  const verb = route.fault.verb === 'log' ? 'get' : route.fault.verb;
  const selected = /metadata\.name=([^,]+)/.exec(query.get('fieldSelector') ?? '')?.[1];
  if (!api.authorize({ user, verb, group: type.group, resource, namespace, name: name || (selected ?? '') })) {
    const where = namespace === null ? 'at the cluster scope' : `in the namespace "${namespace}"`;
    const what = `${groupResourceOf(type)}${name === '' ? '' : ` "${name}"`} is forbidden`;
    return refuse(
      reply,
      403,
      'Forbidden',
      `${what}: User "${user}" cannot ${verb} resource "${resource}" in API group "${type.group}" ${where}`,
    );
  }
  if (subresource === 'log') return serveLog(api, call);
  if (verb === 'watch') return serveWatch(api, call);
  if (name === '') return list(api, call);
  const object = api.store.get(type, namespace, name);
  if (object === undefined) return refuse(reply, 404, 'NotFound', `${groupResourceOf(type)} "${name}" not found`);
  return reply.json(200, presented(object, call.accept));
}

/** As a request's address tells them. */
export function selectorsIn(query: URLSearchParams): Selectors {
  return { fieldSelector: query.get('fieldSelector'), labelSelector: query.get('labelSelector') };
}

function list(api: Api, { route, reply, type, accept }: Call & { readonly type: ResourceType }): void {
  const { query, namespace } = route;
  const at = query.get('resourceVersionMatch') === 'Exact' ? query.get('resourceVersion') : null;
  const resourceVersion = at ?? api.store.resourceVersion;
  const there = api.store.listAt(type, namespace, Number(resourceVersion));
  if (there === undefined) {
    refuse(reply, 410, 'Expired', 'The provided resource version is too old.');
    return;
  }
  const all = there.filter((object) => isSelected(object, selectorsIn(query)));
  const from = Number(query.get('continue') ?? 0);
  const limit = Number(query.get('limit') ?? 0) || all.length;
  const rest = all.length - from - limit;
  const continued = rest > 0 ? { continue: String(from + limit), remainingItemCount: rest } : {};
  const metadata = { resourceVersion, ...continued };
  const items = all.slice(from, from + limit);
  if (!accept.includes('as=PartialObjectMetadataList')) {
    const named = { kind: `${type.kind}List`, apiVersion: apiVersionOf(type) };
    // Items of a typed list come without their kind, as from the real server.
    reply.json(200, { ...named, metadata, items: items.map(withoutKind) });
    return;
  }
  const named = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' };
  if (wantsProtobuf(api, accept)) reply.body(200, PROTOBUF, protobufDocument({ ...named, metadata, items }));
  else reply.json(200, { ...named, metadata, items: items.map((object) => presented(object, accept)) });
}

function withoutKind({ apiVersion: _apiVersion, kind: _kind, ...rest }: KubeObject): object {
  return rest;
}

/** Metadata alone comes as protobuf, to who would rather have that. */
export function wantsProtobuf({ features }: Api, accept: string): boolean {
  return features.protobuf && accept.startsWith(`${PROTOBUF};as=PartialObjectMetadata`);
}

/** The object, or only its metadata where the client asks for that. */
export function presented(object: KubeObject, accept: string): Document {
  if (!accept.includes('as=PartialObjectMetadata')) return object;
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}

function review(api: Api, { reply, body }: Call, user: string): void {
  const spec = (body as { spec?: { resourceAttributes?: Record<string, string> } } | null)?.spec;
  const {
    verb = '',
    group = '',
    resource = '',
    subresource = '',
    namespace = '',
    name = '',
  } = spec?.resourceAttributes ?? {};
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  const allowed = api.authorize({
    user,
    verb,
    group,
    resource: whole,
    namespace: namespace === '' ? null : namespace,
    name,
  });
  reply.json(201, {
    kind: 'SelfSubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: {},
    spec,
    status: { allowed },
  });
}

/** A refusal in Kubernetes' own form. */
export function refuse(reply: Answer, code: number, reason: string, message: string, retryAfter?: number): void {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
  reply.json(code, status, retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) });
}
