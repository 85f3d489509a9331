import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HttpNodeFiles } from '../../src/kube/node-files.ts';

const signal = new AbortController().signal;

/** A kubelet that announces more than it sends. */
function filesOf(status: number, body: string, announced: number) {
  async function* bytes() {
    yield Buffer.from(body);
  }
  const response = {
    status,
    headers: { 'content-length': String(announced) },
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

test('a listing that ends too early is an error: a name that is missing would be a file that is gone', async () => {
  const page = '<pre>\n<a href="0.log">0.log</a>\n</pre>\n';
  assert.deepEqual(await filesOf(200, page, page.length).list('x/', signal), ['0.log']);
  await assert.rejects(filesOf(200, page.slice(0, 20), page.length).list('x/', signal), /ended after/);
});
