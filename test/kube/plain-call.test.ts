import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { clientOf, NEVER, SleepClock } from './wire/client.ts';
import { type Exchange, TestServer } from './wire/server.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

/** A server that answers by a list, one call after another. */
async function answering(...answers: readonly ((exchange: Exchange) => void)[]) {
  const server = await TestServer.start();
  let calls = 0;
  server.handle = (exchange) => answers[Math.min(calls++, answers.length - 1)]?.(exchange);
  return { server, calls: () => calls, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const busy = (status: number, headers: Record<string, string>) => (exchange: Exchange) =>
  exchange.refuse(status, 'TooManyRequests', headers);
const fine = (exchange: Exchange) => exchange.json({ ok: true });

describe('a server that asks for patience', () => {
  for (const status of [429, 503]) {
    it(`with ${status} and Retry-After is asked again after that long`, async () => {
      const clock = new SleepClock();
      await using stage = await answering(
        busy(status, { 'retry-after': '3' }),
        busy(status, { 'retry-after': '1' }),
        fine,
      );
      await using client = clientOf(stage.server, {}, { clock });
      assert.deepEqual(await client.getJson('/', NEVER), { ok: true });
      assert.deepEqual(clock.sleeps, [3000, 1000]);
    });
  }

  it('is asked again with the same body', async () => {
    const bodies: string[] = [];
    await using stage = await answering(
      async (exchange) => {
        bodies.push(await exchange.body());
        busy(429, { 'retry-after': '1' })(exchange);
      },
      async (exchange) => {
        bodies.push(await exchange.body());
        fine(exchange);
      },
    );
    await using client = clientOf(stage.server);
    await client.postJson('/', { n: 1 }, NEVER);
    assert.deepEqual(bodies, ['{"n":1}', '{"n":1}']);
  });

  it('is asked again four times at most', async () => {
    const clock = new SleepClock();
    await using stage = await answering(busy(429, { 'retry-after': '1' }));
    await using client = clientOf(stage.server, {}, { clock });
    await assert.rejects(client.getJson('/', NEVER), { code: 'api', status: 429, retryAfterMs: 1000 });
    assert.equal(stage.calls(), 5);
  });

  it('by an abort is left at once', async () => {
    await using stage = await answering(busy(429, { 'retry-after': '1' }));
    const abort = new AbortController();
    const reason = new Error('enough');
    const clock = new SleepClock();
    clock.sleep = async (_ms, signal) => {
      abort.abort(reason);
      signal?.throwIfAborted();
    };
    await using client = clientOf(stage.server, {}, { clock });
    await assert.rejects(client.getJson('/', abort.signal), reason);
    assert.equal(stage.calls(), 1);
  });

  const final: readonly (readonly [string, (exchange: Exchange) => void, object])[] = [
    ['429 without a time', busy(429, {}), { status: 429, retryAfterMs: undefined }],
    ['503 without a time', busy(503, {}), { status: 503 }],
    ['503 for an hour', busy(503, { 'retry-after': '3600' }), { status: 503, retryAfterMs: 3_600_000 }],
    ['503 until a date', busy(503, { 'retry-after': 'Tue, 24 Nov 2026 13:00:00 GMT' }), { retryAfterMs: undefined }],
    ['500 with a time', busy(500, { 'retry-after': '1' }), { status: 500, retryAfterMs: 1000 }],
    ['504', busy(504, {}), { status: 504 }],
  ];
  for (const [title, answer, error] of final) {
    it(`is not asked again after ${title}`, async () => {
      const clock = new SleepClock();
      await using stage = await answering(answer, fine);
      await using client = clientOf(stage.server, {}, { clock });
      await assert.rejects(client.getJson('/', NEVER), error);
      assert.deepEqual(clock.sleeps, []);
    });
  }

  it('within a watch or a log is told to the caller, with the time', async () => {
    const clock = new SleepClock();
    await using stage = await answering(busy(429, { 'retry-after': '7' }));
    await using client = clientOf(stage.server, {}, { clock });
    await assert.rejects(client.logs({ namespace: 'a', pod: 'b', container: 'c' }, NEVER), { retryAfterMs: 7000 });
    assert.deepEqual(clock.sleeps, []);
  });
});

describe('an answer', () => {
  const value = { text: 'ä'.repeat(10_000), big: 1 };

  it('in gzip is read as it was meant, and gzip is asked for', async () => {
    let accepted: unknown;
    await using stage = await answering((exchange) => {
      accepted = exchange.headers['accept-encoding'];
      exchange.send(200, gzipSync(JSON.stringify(value)), { ...JSON_TYPE, 'content-encoding': 'gzip' });
    });
    await using client = clientOf(stage.server);
    assert.deepEqual(await client.getJson('/', NEVER), value);
    assert.equal(accepted, 'gzip');
  });

  it('in gzip that a refusal came in is read too', async () => {
    const status = { kind: 'Status', code: 403, reason: 'Forbidden', message: 'pods is forbidden' };
    await using stage = await answering((exchange) =>
      exchange.send(403, gzipSync(JSON.stringify(status)), { ...JSON_TYPE, 'content-encoding': 'gzip' }),
    );
    await using client = clientOf(stage.server);
    await assert.rejects(client.getJson('/', NEVER), { code: 'forbidden', message: 'pods is forbidden' });
  });

  const whole = gzipSync(JSON.stringify(value));
  const broken: readonly (readonly [string, (exchange: Exchange) => void, RegExp])[] = [
    ['half a gzip', gzip(whole.subarray(0, whole.length / 2)), /is no whole gzip/],
    ['what is no gzip', gzip(Buffer.from('{"not":"gzip"}')), /is no whole gzip/],
    ['half a document', text('{"items":[{"secret":"abcdef"'), /was answered with what is no JSON/],
    ['nothing', text(''), /was answered with what is no JSON/],
    [
      'a page',
      text('<!DOCTYPE html><title>Log in</title>', 'text/html; charset=utf-8'),
      /answered with text\/html, not/,
    ],
    ['protobuf', text('k8s\0', 'application/vnd.kubernetes.protobuf'), /application\/vnd\.kubernetes\.protobuf, not/],
  ];
  for (const [title, answer, message] of broken) {
    it(`with ${title} is told to be none, and repeats nothing of it`, async () => {
      await using stage = await answering(answer);
      await using client = clientOf(stage.server);
      await assert.rejects(client.getJson('/api/v1/secrets?limit=1', NEVER), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'protocol');
        assert.match(error.message, /GET \/api\/v1\/secrets\b/);
        assert.match(error.message, message);
        assert.doesNotMatch(`${error.message}${String(error.cause)}`, /abcdef|limit|Log in/);
        return true;
      });
    });
  }

  it('without a content type is given a chance', async () => {
    await using stage = await answering((exchange) => exchange.send(200, '{"ok":true}'));
    await using client = clientOf(stage.server);
    assert.deepEqual(await client.getJson('/', NEVER), { ok: true });
  });

  it('of no end is ended', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server, {}, { limits: { answerBytes: 100_000 } });
    const calling = assert.rejects(client.getJson('/', NEVER), {
      code: 'protocol',
      message: 'the answer to GET / is larger than 100000 bytes',
    });
    const exchange = await server.next();
    exchange.begin();
    void exchange.write('['.repeat(200_000));
    await Promise.all([calling, exchange.closed]);
  });

  it('of no end in gzip is ended too', async () => {
    await using stage = await answering(gzip(gzipSync(Buffer.alloc(50_000_000, ' '))));
    await using client = clientOf(stage.server, {}, { limits: { answerBytes: 1_000_000 } });
    await assert.rejects(client.getJson('/', NEVER), { code: 'protocol', message: /larger than 1000000 bytes/ });
  });

  it('that breaks in gzip is unreachable, not a wrong answer', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const calling = assert.rejects(client.getJson('/', NEVER), { code: 'unreachable' });
    const exchange = await server.next();
    exchange.begin(200, { ...JSON_TYPE, 'content-encoding': 'gzip' });
    await exchange.write(whole.subarray(0, 20));
    exchange.cut();
    await calling;
  });

  function gzip(bytes: Buffer): (exchange: Exchange) => void {
    return (exchange) => exchange.send(200, bytes, { ...JSON_TYPE, 'content-encoding': 'gzip' });
  }

  function text(body: string, type = 'application/json'): (exchange: Exchange) => void {
    return (exchange) => exchange.send(200, body, { 'content-type': type });
  }
});
