import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createGzip, gzipSync } from 'node:zlib';
import { protobufDocument } from '../../src/demo/protobuf.ts';
import type { WatchFrame } from '../../src/kube/client.ts';
import { PROTOBUF } from '../../src/kube/metadata-protobuf.ts';
import { clientOf, NEVER, pull, textOf } from './wire/client.ts';
import { TestServer } from './wire/server.ts';
import { DEPLOYMENTS, item, PODS } from './wire/types.ts';

const REFUSED = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' };
const AS = (kind: string) => `application/json;as=${kind};v=v1;g=meta.k8s.io,application/json`;

async function framesOf(watch: AsyncIterable<WatchFrame>): Promise<WatchFrame[]> {
  const frames: WatchFrame[] = [];
  for await (const frame of watch) frames.push(frame);
  return frames;
}

describe('list', () => {
  it('asks for one page and reads it', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const listing = client.list(DEPLOYMENTS, { namespace: 'shop', limit: 2 }, NEVER);
    const exchange = await server.next();
    assert.equal(
      `${exchange.method} ${exchange.url.pathname}${exchange.url.search}`,
      'GET /apis/apps/v1/namespaces/shop/deployments?limit=2',
    );
    assert.equal(exchange.headers.accept, 'application/json');
    exchange.json({ metadata: { resourceVersion: '5', continue: 'c' }, items: [item('web'), item('api')] });
    const page = await listing;
    assert.deepEqual([page.items.length, page.resourceVersion, page.continue], [2, '5', 'c']);
    assert.equal(page.items[0]?.kind, 'Deployment');
  });

  it('of metadata asks for that', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const listing = client.list(PODS, { namespace: null, metadataOnly: true }, NEVER);
    const exchange = await server.next();
    assert.equal(exchange.headers.accept, AS('PartialObjectMetadataList'));
    exchange.json({ metadata: { resourceVersion: '5' }, items: [] });
    await listing;
  });

  const placements = { namespace: null, metadataOnly: true, placementOnly: true };

  it('of placements asks for protobuf, and takes JSON from who knows no more', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const { metadata } = item('a');
    const list = {
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { resourceVersion: '5' },
    };
    const protobuf = protobufDocument({ ...list, items: [{ metadata }] });
    for (const body of [protobuf, gzipSync(protobuf), { ...list, items: [{ metadata }] }]) {
      const listing = client.list(PODS, placements, NEVER);
      const exchange = await server.next();
      const { accept } = exchange.headers;
      assert.equal(
        accept,
        `${PROTOBUF};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,${AS('PartialObjectMetadataList')}`,
      );
      const encoding = body === protobuf ? {} : { 'content-encoding': 'gzip' };
      if (Buffer.isBuffer(body)) exchange.send(200, body, { 'content-type': PROTOBUF, ...encoding });
      else exchange.json(body);
      assert.deepEqual(await listing, {
        items: [{ metadata, apiVersion: 'v1', kind: 'Pod' }],
        resourceVersion: '5',
        continue: undefined,
      });
    }
  });

  const broken: readonly (readonly [string, number, Buffer, object])[] = [
    [
      'no message',
      200,
      Buffer.from('k8s\0what'),
      { code: 'protocol', message: /^GET \/api\/v1\/pods was answered with what is no protobuf$/ },
    ],
    [
      'no document',
      200,
      Buffer.from('<html>'),
      { code: 'protocol', message: /^the answer to a list of pods is no list$/ },
    ],
    [
      'too large',
      200,
      Buffer.alloc(2000),
      { code: 'protocol', message: /^the answer to GET \/api\/v1\/pods is larger than 1000 bytes$/ },
    ],
    [
      'a refusal',
      403,
      protobufDocument({ ...REFUSED, reason: 'Forbidden', message: 'not you', code: 403 }),
      { code: 'forbidden', message: 'not you' },
    ],
    ['a refusal that cannot be read', 403, Buffer.from('k8s\0what'), { code: 'forbidden', status: 403 }],
  ];
  for (const [what, status, body, error] of broken)
    it(`of placements that is ${what} in protobuf is an error`, async () => {
      await using server = await TestServer.start();
      await using client = clientOf(server, {}, { limits: { answerBytes: 1000 } });
      server.handle = (exchange) => exchange.send(status, body, { 'content-type': PROTOBUF });
      await assert.rejects(client.list(PODS, placements, NEVER), error);
    });

  it('of ten thousand objects in gzip gives them all', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const items = Array.from({ length: 10_000 }, (_, n) => item(`pod-${n}`, { spec: { nodeName: `node-${n % 50}` } }));
    const bytes = gzipSync(JSON.stringify({ metadata: { resourceVersion: '5' }, items }));
    server.handle = (exchange) =>
      exchange.send(200, bytes, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
    const page = await client.list(PODS, { namespace: null }, NEVER);
    assert.equal(page.items.length, 10_000);
    assert.equal(page.items.at(-1)?.metadata.name, 'pod-9999');
  });
});

describe('get', () => {
  it('asks for one object, whole or its metadata', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    for (const metadataOnly of [false, true]) {
      const getting = client.get(PODS, { namespace: 'shop', name: 'web/0', metadataOnly }, NEVER);
      const exchange = await server.next();
      assert.equal(exchange.url.pathname, '/api/v1/namespaces/shop/pods/web%2F0');
      assert.equal(exchange.headers.accept, metadataOnly ? AS('PartialObjectMetadata') : 'application/json');
      exchange.json({ kind: 'PartialObjectMetadata', ...item('web/0') });
      assert.equal((await getting).kind, 'Pod');
    }
  });

  it('of what is not there is not-found', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    server.handle = (exchange) => exchange.refuse(404, 'NotFound');
    await assert.rejects(client.get(PODS, { namespace: 'shop', name: 'web-0' }, NEVER), {
      code: 'not-found',
      status: 404,
    });
  });
});

describe('watch', () => {
  it('asks nothing before it is pulled, and ends when the server ends it', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const watch = client.watch(PODS, { namespace: 'shop', resourceVersion: '7', metadataOnly: true }, NEVER);
    assert.equal(server.connections, 0);
    const reading = framesOf(watch);
    const exchange = await server.next();
    assert.equal(exchange.url.searchParams.get('allowWatchBookmarks'), 'true');
    assert.equal(exchange.headers.accept, AS('PartialObjectMetadata'));
    assert.equal(exchange.headers['accept-encoding'], 'gzip');
    exchange.begin();
    await exchange.write(`${JSON.stringify({ type: 'ADDED', object: item('a') })}\n`);
    exchange.end();
    assert.deepEqual(
      (await reading).map(({ type }) => type),
      ['ADDED'],
    );
  });

  it('gives each frame as it comes, compressed too', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const watch = client.watch(PODS, { namespace: null }, NEVER)[Symbol.asyncIterator]();
    const gzip = createGzip();
    for (const name of ['a', 'b']) {
      const frame = watch.next();
      if (name === 'a') {
        const exchange = await server.next();
        exchange.begin(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
        gzip.on('data', (chunk: Buffer) => void exchange.write(chunk));
      }
      gzip.write(`${JSON.stringify({ type: 'ADDED', object: item(name) })}\n`);
      gzip.flush();
      const { value } = await frame;
      assert.equal(value.object.metadata.name, name);
    }
    await watch.return?.();
  });

  it('gives each frame as it comes', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const watch = client.watch(PODS, { namespace: null }, NEVER)[Symbol.asyncIterator]();
    const first = watch.next();
    const exchange = await server.next();
    exchange.begin();
    await exchange.write(`${JSON.stringify({ type: 'ADDED', object: item('a') })}\n{"type":`);
    assert.equal((await first).value?.type, 'ADDED');
    const second = pull(watch);
    await exchange.write(`"DELETED","object":${JSON.stringify(item('a'))}}\n`);
    assert.equal((await second).type, 'DELETED');
    exchange.end();
    assert.equal((await watch.next()).done, true);
  });

  const refusals: readonly (readonly [number, string, string])[] = [
    [403, 'Forbidden', 'forbidden'],
    [404, 'NotFound', 'not-found'],
    [410, 'Expired', 'expired'],
    [500, 'InternalError', 'api'],
  ];
  for (const [status, reason, code] of refusals)
    it(`that is refused with ${status} throws ${code}`, async () => {
      await using server = await TestServer.start();
      await using client = clientOf(server);
      server.handle = (exchange) => exchange.refuse(status, reason);
      await assert.rejects(framesOf(client.watch(PODS, { namespace: null }, NEVER)), {
        name: 'ApiError',
        status,
        code,
        reason,
      });
    });

  it('that is answered with a page is told to be none, and ended', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const reading = assert.rejects(framesOf(client.watch(PODS, { namespace: null }, NEVER)), {
      code: 'protocol',
      message: 'GET /api/v1/pods was answered with text/html, not with JSON',
      hint: /proxy/,
    });
    const exchange = await server.next();
    exchange.begin(200, { 'content-type': 'text/html' });
    await Promise.all([reading, exchange.closed]);
  });

  it('that breaks throws unreachable after what came', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const watch = client.watch(PODS, { namespace: null }, NEVER)[Symbol.asyncIterator]();
    const first = pull(watch);
    const exchange = await server.next();
    exchange.begin();
    await exchange.write(`${JSON.stringify({ type: 'ADDED', object: item('a') })}\n`);
    await first;
    const second = assert.rejects(watch.next(), { code: 'unreachable' });
    exchange.cut();
    await second;
  });

  it('that is left, or aborted, is ended at the server', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const abort = new AbortController();
    const reason = new Error('enough');
    for (const leave of [
      (watch: AsyncIterator<WatchFrame>) => watch.return?.(),
      async (watch: AsyncIterator<WatchFrame>) => {
        const waiting = assert.rejects(watch.next(), reason);
        abort.abort(reason);
        await waiting;
      },
    ]) {
      const watch = client.watch(PODS, { namespace: null }, abort.signal)[Symbol.asyncIterator]();
      const first = pull(watch);
      const exchange = await server.next();
      exchange.begin();
      await exchange.write(`${JSON.stringify({ type: 'ADDED', object: item('a') })}\n`);
      await first;
      await leave(watch);
      await exchange.closed;
    }
  });
});

describe('logs', () => {
  const LOG = { namespace: 'shop', pod: 'web-0', container: 'app' };

  it('are bytes as they came', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const opening = client.logs({ ...LOG, follow: true, sinceTime: '2026-11-24T12:00:00Z' }, NEVER);
    const exchange = await server.next();
    assert.equal(exchange.url.pathname, '/api/v1/namespaces/shop/pods/web-0/log');
    assert.equal(exchange.headers['accept-encoding'], undefined);
    exchange.begin(200, { 'content-type': 'text/plain' });
    const bytes = Buffer.from([0, 255, 10, 13, 0xc3]);
    exchange.end(bytes);
    const chunks: Buffer[] = [];
    for await (const chunk of await opening) chunks.push(chunk);
    assert.deepEqual(Buffer.concat(chunks), bytes);
  });

  it("come from the kubelet itself through its node's proxy, where a node is named", async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const opening = client.logs({ ...LOG, follow: true, node: 'node/1' }, NEVER);
    const exchange = await server.next();
    assert.equal(exchange.url.pathname, '/api/v1/nodes/node%2F1/proxy/containerLogs/shop/web-0/app');
    assert.equal(exchange.url.search, '?timestamps=true&follow=true');
    exchange.begin(200, { 'content-type': 'text/plain' });
    exchange.end(Buffer.from('a line'));
    assert.equal(await textOf(await opening), 'a line');
  });

  it('of a container that does not run yet are refused in the words of the server', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const message = 'container "app" in pod "web-0" is waiting to start: ContainerCreating';
    server.handle = (exchange) => exchange.json({ kind: 'Status', code: 400, reason: 'BadRequest', message }, 400);
    await assert.rejects(client.logs(LOG, NEVER), { code: 'api', status: 400, reason: 'BadRequest', message });
  });
});

describe('raw', () => {
  it('gives every status as an answer, with its headers, and sends those that were given', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    for (const status of [200, 206, 302, 404, 416]) {
      const asking = client.raw('/api/v1/nodes/n1/proxy/logs/x', { headers: { range: 'bytes=5-' } }, NEVER);
      const exchange = await server.next();
      assert.equal(exchange.headers.range, 'bytes=5-');
      exchange.send(status, 'text', { 'content-range': 'bytes 5-8/9' });
      const { headers, body, ...answer } = await asking;
      assert.deepEqual([answer.status, headers['content-range'], await textOf(body)], [status, 'bytes 5-8/9', 'text']);
    }
  });

  it('goes on the connection of logs', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    server.handle = (exchange) => exchange.json({});
    await client.getJson('/version', NEVER);
    await textOf((await client.raw('/x', {}, NEVER)).body);
    assert.equal(server.connections, 2);
  });

  it('whose answer is small goes on the connection of all else', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    server.handle = (exchange) => exchange.json({});
    await client.getJson('/version', NEVER);
    await textOf((await client.raw('/x', { isSmall: true }, NEVER)).body);
    assert.equal(server.connections, 1);
  });
});

it('a client names its server without a slash at the end, and can be disposed unused', async () => {
  await using server = await TestServer.start();
  await using client = clientOf(server, { server: new URL(`${server.url.href}k8s/`) });
  assert.equal(client.server, `${server.url.origin}/k8s`);
});
