import http2, { type ClientHttp2Session } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../../src/kube/connection.ts';

export interface ChangesOptions {
  readonly connection: Connection;
  readonly namespace: string;
  /** The pod that the change of an index is made to. */
  readonly podOf: (index: number) => string;
  readonly count: number;
  /** Changes a second, at most. */
  readonly rate: number;
}

/** Changes an annotation of pod after pod, and returns when each change was sent: Unix milliseconds by resourceVersion. */
export async function makeChanges(options: ChangesOptions): Promise<Map<string, { sentAt: number; pod: string }>> {
  const { connection, namespace, podOf, count, rate } = options;
  const { clientCertificate: { cert, key } = { cert: '', key: '' } } = await connection.credentials.get(
    new AbortController().signal,
  );
  const session = http2.connect(connection.server.origin, { ca: connection.tls.ca ?? '', cert, key });
  const sent = new Map<string, { sentAt: number; pod: string }>();
  const open = new Set<Promise<void>>();
  const startedAt = performance.now();
  for (let index = 0; index < count; index += 1) {
    const early = startedAt + (index * 1000) / rate - performance.now();
    if (early > 1) await sleep(early);
    const pod = podOf(index);
    const path = `/api/v1/namespaces/${namespace}/pods/${pod}`;
    const change = changed(session, path, index).then(({ sentAt, resourceVersion }) => {
      sent.set(resourceVersion, { sentAt, pod });
      open.delete(change);
    });
    open.add(change);
    if (open.size > 64) await Promise.race(open);
  }
  await Promise.all(open);
  session.close();
  return sent;
}

/** A server that is too busy is asked again: in 50,000 changes some are not taken within its minute. */
async function changed(session: ClientHttp2Session, path: string, index: number) {
  for (;;) {
    const sentAt = performance.timeOrigin + performance.now();
    const { status, text } = await patch(session, path, index);
    const resourceVersion = /"resourceVersion":"(\d+)"/.exec(text)?.[1];
    if (status === 200 && resourceVersion !== undefined) return { sentAt, resourceVersion };
    if (!BUSY.has(status)) throw new Error(`a change was not taken (${status}): ${text.slice(0, 300)}`);
    await sleep(1000);
  }
}

const BUSY: ReadonlySet<number> = new Set([429, 500, 503, 504]);

function patch(session: ClientHttp2Session, path: string, index: number): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'PATCH',
      ':path': path,
      'content-type': 'application/merge-patch+json',
      accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
    });
    let status = 0;
    let text = '';
    stream.on('response', (headers) => {
      status = headers[':status'] ?? 0;
    });
    stream.on('data', (chunk: Buffer) => {
      text += chunk;
    });
    stream.on('error', reject);
    stream.on('end', () => resolve({ status, text }));
    stream.end(JSON.stringify({ metadata: { annotations: { 'faro.test/change': `${Date.now()} ${index}` } } }));
  });
}
