import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { gathered } from '../../src/kube/gathered.ts';
import type { ByteStream } from '../../src/kube/transport/http.ts';

const LINES = 1000;

/** Lines that come one by one, each with a turn of its reader behind it, as frames that came in one packet do. */
function lineByLine(): Readable & ByteStream {
  const stream = new Readable({ read: () => undefined });
  const push = (number: number): void => {
    stream.push(number === LINES ? null : `line ${number}\n`);
    if (number < LINES) turns(3, () => push(number + 1));
  };
  turns(1, () => push(0));
  return stream;
}

/** What awaits something runs between two of these turns; the event loop does not. */
function turns(count: number, then: () => void): void {
  if (count === 0) then();
  else process.nextTick(() => queueMicrotask(() => turns(count - 1, then)));
}

async function piecesOf(body: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece);
  return pieces;
}

test('lines that came together are read together, all of them and in order', async () => {
  const alone = await piecesOf(lineByLine());
  const together = await piecesOf(gathered(lineByLine()));
  assert.deepEqual(Buffer.concat(together), Buffer.concat(alone));
  assert.ok(together.length * 10 < alone.length, `${together.length} pieces instead of ${alone.length}`);
});

test('a break in the middle is told behind what came before it, and disposing goes through', async () => {
  let disposed = 0;
  const dispose = async () => {
    disposed += 1;
  };
  const broken = (async function* () {
    yield Buffer.from('a\n');
    throw new Error('cut');
  })();
  const body = gathered(Object.assign(broken, { [Symbol.asyncDispose]: dispose }));
  const read: string[] = [];
  const reading = async () => {
    for await (const piece of body) read.push(String(piece));
  };
  await assert.rejects(reading(), /cut/);
  await body[Symbol.asyncDispose]();
  assert.deepEqual([read, disposed], [['a\n'], 1]);
});
