import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import { measure } from '../../src/logs/blocks.ts';
import { InstanceLife } from '../../src/logs/life.ts';
import { StreamProof } from '../../src/logs/stream-proof.ts';
import { LogWitness } from '../../src/logs/witness.ts';
import { type Timestamp, timestampOf } from '../../src/model/time.ts';

const instance = { podUid: 'p', namespace: 'shop', pod: 'web', container: 'app', restart: 0 };

/** The end of a log of one line, at whose end the node's file began with the line of a time. */
function endOf(first: Timestamp, fileBegin: Timestamp) {
  const clock = new SimulatedClock();
  const life = new InstanceLife(instance, { state: 'terminated', startedAt: first, finishedAt: first });
  const sink = { append: () => undefined, drained: async () => undefined };
  const witness = new LogWitness({ life, sink, clock });
  const proof = new StreamProof({ life, witness, clock, limits: {}, rotatesAt: () => 1000 });
  const { block } = measure(Buffer.from(`${first} one\n`));
  assert.ok(block !== undefined);
  proof.take(block);
  proof.sawLast(fileBegin);
  return proof.end('terminated, then read to the end');
}

test("that a file was never rotated is only said where its first line is the log's own", () => {
  const first = timestampOf(new SimulatedClock().now());
  assert.match(endOf(first, first).evidence, /its file was never rotated$/);
  const later = timestampOf(new SimulatedClock().now() + 500);
  const { end, evidence } = endOf(first, later);
  assert.equal(end, 'not proven');
  assert.doesNotMatch(evidence, /never rotated/);
});
