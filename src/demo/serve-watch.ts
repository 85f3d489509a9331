import { PROTOBUF } from '../kube/metadata-protobuf.ts';
import { apiVersionOf, type ResourceType } from '../model/resource.ts';
import { type Api, type Call, presented, refuse, selectorsIn, wantsProtobuf } from './api.ts';
import { type Document, protobufFrame } from './protobuf.ts';
import { isSelected, type StoredChange } from './store.ts';
import { bookmarkMs, isServed } from './types.ts';

type WatchCall = Call & { readonly type: ResourceType; readonly frame: typeof protobufFrame };

/** Answers a watch: the objects that exist, if the client asks for them, then every change, then bookmarks while it is quiet. */
export async function serveWatch(api: Api, asked: Call & { readonly type: ResourceType }): Promise<void> {
  const { route, reply, type, fault, accept } = asked;
  const { query } = route;
  const wantsInitial = query.get('sendInitialEvents') === 'true';
  if (wantsInitial && !api.features.watchList)
    return refuse(
      reply,
      422,
      'Invalid',
      'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
    );
  const from = query.get('resourceVersion') ?? '';
  let position = wantsInitial || from === '' || from === '0' ? Number(api.store.resourceVersion) : Number(from);
  const isProtobuf = wantsProtobuf(api, accept);
  const call = { ...asked, frame: isProtobuf ? protobufFrame : jsonFrame };
  reply.begin(200, isProtobuf ? `${PROTOBUF};stream=watch` : 'application/json');
  if (fault?.type === 'watchError') return endWithError(call, fault.status, fault.reason);
  if (wantsInitial || from === '' || from === '0') await sendInitial(api, call, position, wantsInitial);
  const seconds = Number(query.get('timeoutSeconds') ?? 0) || 3600;
  const ending = AbortSignal.any([reply.signal, timeout(api, seconds * 1000, reply.signal)]);
  while (!ending.aborted && isServed(api.types, type)) {
    const changes = api.store.since(type, position);
    if (changes === undefined) return endWithError(call, 410, 'Expired');
    for (const change of changes) {
      await sendChange(call, change);
      position = change.resourceVersion;
    }
    await nextChange(api, call, { position, ending });
  }
  reply.end();
}

async function sendInitial(api: Api, call: WatchCall, position: number, isStreamed: boolean): Promise<void> {
  for (const object of api.store.list(call.type, call.route.namespace))
    await sendChange(call, { type: 'ADDED', object });
  if (isStreamed) await sendBookmark(call, String(position), { 'k8s.io/initial-events-end': 'true' });
}

async function sendChange(call: WatchCall, { type, object }: Pick<StoredChange, 'type' | 'object'>): Promise<void> {
  const { namespace, query } = call.route;
  const isElsewhere = namespace !== null && object.metadata.namespace !== namespace;
  if (isElsewhere || !isSelected(object, selectorsIn(query))) return;
  await call.reply.write(call.frame(type, presented(object, call.accept)));
}

/** Resolves at the next change; sends bookmarks while there is none. */
async function nextChange(api: Api, call: WatchCall, at: { position: number; ending: AbortSignal }): Promise<void> {
  // What changed while the last frames were on their way would not wake anybody any more.
  if (api.store.since(call.type, at.position)?.length !== 0) return;
  const quiet = new AbortController();
  const stop = AbortSignal.any([at.ending, quiet.signal]);
  const bookmark = api.clock.sleep(bookmarkMs(call.type), stop).then(
    () => sendBookmark(call, api.store.resourceVersion, {}),
    () => undefined, // a change came first
  );
  await Promise.race([api.store.changedIn(call.type, stop), bookmark]);
  quiet.abort();
}

async function sendBookmark(
  { reply, type, frame }: WatchCall,
  resourceVersion: string,
  annotations: Record<string, string>,
): Promise<void> {
  const metadata = { resourceVersion, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) };
  await reply.write(frame('BOOKMARK', { kind: type.kind, apiVersion: apiVersionOf(type), metadata }));
}

async function endWithError({ reply, frame }: WatchCall, code: number, reason: string): Promise<void> {
  const message = reason === 'Expired' ? 'too old resource version' : 'a planned fault';
  await reply.write(
    frame('ERROR', { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code }),
  );
  reply.end();
}

function jsonFrame(type: string, object: Document): Buffer {
  return Buffer.from(`${JSON.stringify({ type, object })}\n`);
}

/** Aborts after a time on the simulation's own clock. */
function timeout(api: Api, ms: number, signal: AbortSignal): AbortSignal {
  const controller = new AbortController();
  void api.clock.sleep(ms, signal).then(
    () => controller.abort(),
    () => undefined, // the client has gone first
  );
  return controller.signal;
}
