import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { KubeClient } from '../../src/kube/client.ts';
import { FaroError } from '../../src/model/errors.ts';
import { clientOf } from './wire/client.ts';
import { PODS } from './wire/types.ts';

/** A server that speaks bytes: whatever a proxy gone wrong, or somebody who means harm, may send. */
const SIZES = { answerBytes: 1024 * 1024, frameBytes: 256 * 1024 };
/** Where time itself is the limit, it is a short one. */
const TIMES = { silenceMs: 500, callMs: 1500 };
/** No call may hang, whatever comes. */
const LONGEST_MS = 60_000;
/** Beyond the client's limits, what sockets hold on either side. */
const MOST_BYTES = 128 * 1024 * 1024;
const JSON_HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
const CHUNKED = `${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n`;

type Speech = string | Buffer | ((socket: Socket) => unknown);

function chunk(bytes: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), Buffer.from(bytes), Buffer.from('\r\n')]);
}

/** Writes the same again and again, as fast as it is taken, until the client goes. */
async function endless(socket: Socket, head: string, piece: Buffer): Promise<void> {
  socket.write(head);
  while (!socket.destroyed) {
    socket.write(piece);
    while (socket.writableNeedDrain && !socket.destroyed) await sleep(1);
  }
}

async function slowly(socket: Socket, head: string, piece: string): Promise<void> {
  socket.write(head);
  while (!socket.destroyed) {
    socket.write(piece);
    await sleep(100);
  }
}

const BOMB = gzipSync(Buffer.alloc(512 * 1024 * 1024)); // half a gigabyte of zeros in half a megabyte
const GZIP_HEAD = `${JSON_HEAD}Content-Encoding: gzip\r\nContent-Length: ${BOMB.length}\r\n\r\n`;
const big = Buffer.alloc(64 * 1024, 0x5b);

const answers: readonly (readonly [title: string, speech: Speech, says: RegExp])[] = [
  ['a negative length', `${JSON_HEAD}Content-Length: -5\r\n\r\n{}`, /unreachable|protocol/],
  ['a length beyond all reason, and an end', `${JSON_HEAD}Content-Length: 999999999999999\r\n\r\n{}`, /unreachable/],
  ['two lengths', `${JSON_HEAD}Content-Length: 2\r\nContent-Length: 7\r\n\r\n{}`, /unreachable|protocol/],
  [
    'a length and chunks',
    `${JSON_HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`,
    /unreachable|protocol/,
  ],
  ['chunks of garbage', `${CHUNKED}zz\r\n{}`, /unreachable|protocol/],
  ['a chunk of 2^64 bytes', `${CHUNKED}ffffffffffffffff\r\n{}`, /unreachable|protocol/],
  ['chunks without an end', `${CHUNKED}2\r\n{}\r\n`, /unreachable/],
  ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', /unreachable|protocol/],
  ['an unknown version of HTTP', 'HTTP/9.9 200 Fine\r\n\r\n', /unreachable|protocol/],
  ['a header of a megabyte', `${JSON_HEAD}X-Long: ${'x'.repeat(1024 * 1024)}\r\n\r\n{}`, /unreachable|protocol/],
  [
    'headers without end',
    (socket) => endless(socket, JSON_HEAD, Buffer.from('X-More: 1\r\n'.repeat(1000))),
    /unreachable|protocol/,
  ],
  [
    'a promise of an answer, again and again',
    (socket) => endless(socket, '', Buffer.from('HTTP/1.1 102 Processing\r\n\r\n'.repeat(100))),
    /unreachable|protocol/,
  ],
  ['a gzip bomb', Buffer.concat([Buffer.from(GZIP_HEAD), BOMB]), /protocol.*larger than/],
  ['gzip that is none', `${JSON_HEAD}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}`, /protocol.*gzip/],
  ['a body without end', (socket) => endless(socket, CHUNKED, chunk(big)), /protocol.*larger than/],
  [
    'a page of HTML',
    'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi',
    /protocol.*text\/html/,
  ],
  [
    'JSON that says it is text',
    'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}',
    /protocol.*text\/plain/,
  ],
  ['half of a document', `${JSON_HEAD}Content-Length: 9\r\n\r\n{"items":`, /protocol.*no JSON/],
  [
    'brackets within brackets',
    `${JSON_HEAD}Content-Length: 200000\r\n\r\n${'['.repeat(100_000)}${']'.repeat(100_000)}`,
    /protocol.*no list/,
  ],
  ['silence', () => undefined, /unreachable.*no answer/],
  ['a byte now and then, for ever', (socket) => slowly(socket, CHUNKED, '1\r\n \r\n'), /unreachable.*within 1.5 s/],
  ['a header now and then, for ever', (socket) => slowly(socket, JSON_HEAD, 'X-More: 1\r\n'), /unreachable/],
  [
    'a way to somewhere else',
    'HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n',
    /302|api|protocol/,
  ],
];

const event = (object: unknown) => JSON.stringify({ type: 'ADDED', object });
const deep = (levels: number) =>
  `{"type":"ADDED","object":{"metadata":{"name":"x","uid":"u","resourceVersion":"1"},"spec":${'['.repeat(levels)}12345678901234567890${']'.repeat(levels)}}}`;

const watches: readonly (readonly [title: string, speech: Speech, says: RegExp])[] = [
  ['a frame without end', (socket) => endless(socket, CHUNKED, chunk(big)), /protocol.*a frame of more than/],
  ['a gzip bomb', Buffer.concat([Buffer.from(GZIP_HEAD), BOMB]), /protocol.*a frame of more than/],
  [
    'a frame of an unknown type',
    `${CHUNKED}${chunk('{"type":"SURPRISE"}\n').toString()}0\r\n\r\n`,
    /protocol.*unknown type/,
  ],
  ['a frame that is no object', `${CHUNKED}${chunk('[1]\n').toString()}0\r\n\r\n`, /protocol.*unknown type/],
  [
    'an object without a name',
    `${CHUNKED}${chunk(`${event({ metadata: {} })}\n`).toString()}0\r\n\r\n`,
    /protocol.*without metadata.name/,
  ],
  [
    'a position that is a number',
    `${CHUNKED}${chunk(`${event({ metadata: { name: 'x', uid: 'u', resourceVersion: 7 } })}\n`).toString()}0\r\n\r\n`,
    /protocol.*with an unreadable metadata.resourceVersion/,
  ],
  [
    'a page of HTML',
    'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi',
    /protocol.*text\/html/,
  ],
  [
    'an object nested 50,000 deep, which is read',
    `${CHUNKED}${chunk(`${deep(50_000)}\n`).toString()}0\r\n\r\n`,
    /^ended$/,
  ],
];

const REFUSED = 'HTTP/1.1 500 No\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';

const streams: readonly (readonly [title: string, speech: Speech, says: RegExp])[] = [
  ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhi\n', /unreachable|protocol/],
  [
    'a length beyond all reason, and an end',
    'HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nhi\n',
    /unreachable/,
  ],
  ['chunks of garbage', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhi\n', /unreachable|protocol/],
  [
    'a header of a megabyte',
    `HTTP/1.1 200 OK\r\nX-Long: ${'x'.repeat(1024 * 1024)}\r\n\r\nhi\n`,
    /unreachable|protocol/,
  ],
  ['a refusal without end', (socket) => endless(socket, REFUSED, chunk(big)), /protocol.*larger than/],
  ['a refusal, a byte now and then', (socket) => slowly(socket, REFUSED, '1\r\n \r\n'), /unreachable.*no reason came/],
];

const FILE_HEAD = 'HTTP/1.1 200 OK\r\n';
const files: readonly (readonly [title: string, speech: Speech, says: RegExp])[] = [
  ['a negative length', `${FILE_HEAD}Content-Length: -5\r\n\r\nhi\n`, /protocol.*a length that is none/],
  [
    'a length beyond all reason, and an end',
    `${FILE_HEAD}Content-Length: 99999999999\r\n\r\nhi\n`,
    /unreachable.*broke/,
  ],
  ['two lengths', `${FILE_HEAD}Content-Length: 2\r\nContent-Length: 7\r\n\r\nhi`, /protocol.*a length that is none/],
  ['chunks of garbage', `${FILE_HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\nhi\n`, /protocol.*without a size/],
  ['chunks without an end', `${FILE_HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n`, /unreachable.*broke/],
  [
    'a header of a megabyte',
    `${FILE_HEAD}X-Long: ${'x'.repeat(1024 * 1024)}\r\n\r\nhi\n`,
    /protocol.*headers without end/,
  ],
  [
    'headers without end',
    (socket) => endless(socket, FILE_HEAD, Buffer.from('X-More: 1\r\n'.repeat(1000))),
    /protocol.*headers without end/,
  ],
  [
    'a promise of an answer, again and again',
    (socket) => endless(socket, '', Buffer.from('HTTP/1.1 102 Processing\r\n\r\n'.repeat(100))),
    /protocol.*promises/,
  ],
  ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n\r\n', /protocol.*no HTTP/],
  ['nothing, and an end', '', /unreachable/],
  ['silence', () => undefined, /unreachable.*no answer/],
  [
    'silence behind the headers',
    (socket) => socket.write(`${FILE_HEAD}Content-Length: 5\r\n\r\n`),
    /unreachable.*no answer/,
  ],
];

describe('a server that lies', () => {
  const server = createServer();
  const speeches = new Map<string, Speech>();
  let written = 0;
  before(async () => {
    server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        written += socket.bytesWritten;
      });
      socket.on('data', (bytes: Buffer) => {
        const name = /[?&](?:labelSelector|container)=([\w-]+)/.exec(bytes.toString('latin1'))?.[1] ?? '';
        const speech = speeches.get(name) ?? '';
        if (typeof speech === 'function') void speech(socket);
        else socket.end(speech);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  after(() => server.close());

  async function outcome(
    speech: Speech,
    call: (client: KubeClient, name: string) => Promise<unknown>,
    isSlow = false,
  ): Promise<string> {
    const name = `case-${speeches.size}`;
    speeches.set(name, speech);
    const { port } = server.address() as AddressInfo;
    const limits = isSlow ? { ...SIZES, ...TIMES } : SIZES;
    await using client = clientOf({ url: new URL(`http://127.0.0.1:${port}`), ca: '' }, {}, { limits });
    try {
      await call(client, name);
      return 'ended';
    } catch (error) {
      assert.ok(error instanceof FaroError, `a bug: ${String(error instanceof Error ? error.stack : error)}`);
      return `${error.code}: ${error.message}`;
    }
  }

  for (const [title, speech, says] of answers)
    it(`answers a list with ${title}`, { timeout: LONGEST_MS }, async () => {
      const list = (client: KubeClient, name: string) =>
        client.list(PODS, { namespace: 'shop', labelSelector: name }, AbortSignal.timeout(LONGEST_MS));
      assert.match(await outcome(speech, list, /silence|now and then|again and again/.test(title)), says);
    });

  for (const [title, speech, says] of watches)
    it(`answers a watch with ${title}`, { timeout: LONGEST_MS }, async () => {
      const watch = async (client: KubeClient, name: string) => {
        for await (const frame of client.watch(
          PODS,
          { namespace: 'shop', labelSelector: name },
          AbortSignal.timeout(LONGEST_MS),
        ))
          assert.equal(frame.type, 'ADDED');
      };
      assert.match(await outcome(speech, watch), says);
    });

  for (const [title, speech, says] of streams)
    it(`answers the question for a log with ${title}`, { timeout: LONGEST_MS }, async () => {
      const read = async (client: KubeClient, name: string) => {
        const at = { namespace: 'shop', pod: 'web', container: name, follow: true };
        await using body = await client.logs(at, AbortSignal.timeout(LONGEST_MS));
        for await (const _chunk of body);
      };
      assert.match(await outcome(speech, read, /now and then/.test(title)), says);
    });

  for (const [title, speech, says] of files)
    it(`answers the question for a file with ${title}`, { timeout: LONGEST_MS }, async () => {
      const read = async (client: KubeClient, name: string) => {
        const how = { maxSilenceMs: TIMES.silenceMs * (title.startsWith('silence') ? 1 : 60) };
        const { body } = await client.raw(`/x?container=${name}`, how, AbortSignal.timeout(LONGEST_MS));
        await using _body = body;
        for await (const _chunk of body.lent ?? body);
      };
      assert.match(await outcome(speech, read), says);
    });

  it('was not listened to for longer than it took to see that', () => {
    assert.ok(written < MOST_BYTES, `${written} bytes were sent`);
  });
});
