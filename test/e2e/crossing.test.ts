import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/cli/context.ts';
import { createClient, type KubeClient, type WatchFrame } from '../../src/kube/client.ts';
import { loadConnection } from '../../src/kube/connection.ts';
import { ApiError } from '../../src/kube/error.ts';
import { Slots } from '../../src/model/slots.ts';
import { reflect } from '../../src/watch/reflector.ts';
import { NEVER } from '../kube/wire/client.ts';
import { typeOf } from '../kube/wire/types.ts';
import { skipped, testNamespace } from './cluster.ts';

const CONFIGMAPS = typeOf('v1', 'configmaps', 'ConfigMap');
const OBJECTS = 200;
/** Each watch is cut after so many frames, and goes on from where it was. */
const CUT_AFTER = 70;
/** The first minor version whose server compresses streaming lists. */
const COMPRESSES = 37;

interface Asked {
  readonly kind: 'plain' | 'streamed';
  isCompressed: boolean;
}

/** A client whose watches are cut, and told. */
function cutting(client: KubeClient, asked: Asked[]): KubeClient {
  const watch: KubeClient['watch'] = async function* (type, options, signal): AsyncGenerator<WatchFrame> {
    const isStreamed = options.sendInitialEvents === true;
    const call: Asked = { kind: isStreamed ? 'streamed' : 'plain', isCompressed: false };
    asked.push(call);
    const onOpen: typeof options.onOpen = (answer) => {
      call.isCompressed = answer.isCompressed;
      options.onOpen?.(answer);
    };
    let left = CUT_AFTER;
    for await (const frame of client.watch(type, { ...options, onOpen }, signal)) {
      const isInitial = isStreamed && left === CUT_AFTER;
      yield frame;
      const isBegin = frame.type === 'BOOKMARK' && frame.initialEventsEnd;
      if (isBegin || !isInitial) left -= 1;
      if (left === 0) return;
    }
  };
  return { list: client.list.bind(client), watch } as KubeClient;
}

/** Servers may have streaming lists switched off. */
async function streamsLists(client: KubeClient, namespace: string): Promise<boolean> {
  try {
    for await (const _ of client.watch(CONFIGMAPS, { namespace, sendInitialEvents: true }, NEVER)) return true;
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 422) return false;
    throw error;
  }
}

test('a watch of a real API server goes over to a compressed one, where there are such, and tells every change once', {
  skip: skipped,
}, async () => {
  await using ns = await testNamespace('crossing');
  const { kubeconfig } = ns.cluster;
  const connection = await loadConnection({ kubeconfig, env: process.env, clock: systemClock, interactive: false });
  await using client = createClient(connection, { clock: systemClock });
  const { minor } = (await client.getJson('/version', NEVER)) as { readonly minor: string };
  const { resourceVersion: from } = await client.list(CONFIGMAPS, { namespace: ns.name }, NEVER);
  const asked: Asked[] = [];
  const stop = new AbortController();
  const events = reflect(
    {
      ...{ client: cutting(client, asked), clock: systemClock, random: () => 0, type: CONFIGMAPS, namespace: ns.name },
      ...{ metadataOnly: false, streamingList: true, crossAfter: 8, listSlots: new Slots(1), from },
    },
    stop.signal,
  );
  const told: string[] = [];
  const telling = (async () => {
    for await (const event of events)
      if (event.type === 'apply' && event.object.metadata.name.startsWith('map-')) {
        told.push(event.object.metadata.name);
        if (told.length === OBJECTS) stop.abort();
      }
  })();
  const made: string[] = [];
  for (let index = 0; index < OBJECTS; index += 1) {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `map-${index}` } };
    await client.postJson(`/api/v1/namespaces/${ns.name}/configmaps`, object, NEVER);
    made.push(object.metadata.name);
  }
  await telling;
  assert.deepEqual(told, made);
  const compressed = asked.filter(({ isCompressed }) => isCompressed);
  const streamed = asked.filter(({ kind }) => kind === 'streamed');
  assert.deepEqual(
    compressed.map(({ kind }) => kind).filter((kind) => kind === 'plain'),
    [],
  );
  const isAble = Number.parseInt(minor, 10) >= COMPRESSES && (await streamsLists(client, ns.name));
  if (isAble) assert.ok(compressed.length >= 2, `${compressed.length} times`);
  else assert.ok(streamed.length <= 1, 'it is asked once whether it does');
});
