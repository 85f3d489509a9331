import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HttpNodeFiles } from '../../src/kube/node-files.ts';

const signal = new AbortController().signal;

/** A kubelet that announces more than it sends. */
function filesOf(status: number, body: string, announced: number, more: Readonly<Record<string, string>> = {}) {
  async function* bytes() {
    yield Buffer.from(body);
  }
  const response = {
    status,
    headers: { 'content-length': String(announced), ...more },
    body: Object.assign(bytes(), { [Symbol.asyncDispose]: async () => undefined }),
  };
  return new HttpNodeFiles({ raw: async () => response }, { root: '/logs/pods/', through: 'a test' });
}

async function textOf(status: number, body: string, announced: number): Promise<string> {
  const read = await filesOf(status, body, announced).read('0.log', 5, signal);
  assert.equal(read.type, 'bytes');
  const chunks: Buffer[] = [];
  if (read.type === 'bytes') for await (const chunk of read.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

for (const status of [200, 206])
  test(`a part of a file that ends before all of it has come is an error (${status})`, async () => {
    assert.equal(await textOf(status, 'all of it', 9), 'all of it');
    await assert.rejects(textOf(status, 'a part', 9), /the answer ended after 6 of 9 bytes/);
  });

test('a file comes with when it was written to and opened, by its node, or with neither', async () => {
  const at = async (headers: Readonly<Record<string, string>>) => {
    const read = await filesOf(206, 'all of it', 9, headers).read('0.log', 5, signal);
    return read.type === 'bytes' ? read.times : 'no bytes';
  };
  const [modified, date] = ['Thu, 26 Nov 2026 01:13:35 GMT', 'Thu, 26 Nov 2026 01:41:05 GMT'];
  const times = { modified: Date.UTC(2026, 10, 26, 1, 13, 35), opened: Date.UTC(2026, 10, 26, 1, 41, 5) };
  assert.deepEqual(await at({ 'last-modified': modified, date }), times);
  for (const headers of [{}, { date }, { 'last-modified': modified }, { 'last-modified': 'yesterday', date }])
    assert.equal(await at(headers), undefined);
});

test('a listing that ends too early is an error: a name that is missing would be a file that is gone', async () => {
  const page = '<pre>\n<a href="0.log">0.log</a>\n</pre>\n';
  assert.deepEqual(await filesOf(200, page, page.length).list('x/', signal), ['0.log']);
  await assert.rejects(filesOf(200, page.slice(0, 20), page.length).list('x/', signal), /ended after/);
});

test('a listing needs no connection of its own, as a file does', async () => {
  const asked: unknown[] = [];
  const raw = async (_path: string, { isSmall = false }: { readonly isSmall?: boolean }) => {
    asked.push(isSmall);
    return { status: 404, headers: {}, body: emptyBody() };
  };
  const files = new HttpNodeFiles({ raw }, { root: '/', through: 'a test' });
  await files.list('x/', signal);
  await files.read('x/0.log', 0, signal);
  assert.deepEqual(asked, [true, false]);
});

test('a part of a file is asked for as such, and says whether the file goes on behind it', async () => {
  const asked: unknown[] = [];
  const isCut = async (most: number | undefined, contentRange: string, length = 10) => {
    const headers = { 'content-range': contentRange, 'content-length': String(length) };
    const raw = async (_path: string, options: { headers?: unknown }) => {
      asked.push(options.headers);
      return { status: 206, headers, body: emptyBody() };
    };
    const read = await new HttpNodeFiles({ raw }, { root: '/', through: 'a test' }).read('0.log', 5, signal, most);
    return read.type === 'bytes' ? read.isCut : read.type;
  };
  assert.equal(await isCut(10, 'bytes 5-14/16'), true);
  assert.equal(await isCut(10, 'bytes 5-14/15'), false);
  assert.equal(await isCut(undefined, 'bytes 5-15/16'), false);
  assert.equal(await isCut(10, 'bytes 5-14/*'), true);
  assert.equal(await isCut(10, 'bytes 5-13/*', 9), false);
  assert.equal(await isCut(undefined, 'bytes 5-14/*'), false);
  const ranges = ['bytes=5-14', 'bytes=5-14', 'bytes=5-', 'bytes=5-14', 'bytes=5-14', 'bytes=5-'];
  assert.deepEqual(
    asked,
    ranges.map((range) => ({ range })),
  );
});

function emptyBody() {
  async function* nothing(): AsyncGenerator<Buffer> {
    yield* [];
  }
  return Object.assign(nothing(), { [Symbol.asyncDispose]: async () => undefined });
}
