import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Following } from './following.ts';

/** A run whose first lines were read from its file, with a stream beside it, and whose pod is being deleted. */
async function leaving() {
  const follow = new Following();
  follow.writeFile(1, 'one');
  follow.writeFile(2, 'two');
  await follow.advance(1000);
  follow.stream.push(follow.line(1, 'one') + follow.line(2, 'two'));
  await follow.advance(100);
  follow.life.podLeaving();
  await follow.advance(500);
  return follow;
}

test('files that vanish after their stream had come to its end, with nothing that they did not hold, were read to the end', async () => {
  using follow = await leaving();
  follow.stream.end();
  await follow.advance(300);
  follow.node.names.clear();
  await follow.advance(300);
  follow.life.update(follow.view('terminated', follow.time(1500)), 0);
  await follow.advance(5000);
  assert.deepEqual(follow.recorded(), { lines: ['one', 'two'], gaps: [] });
  assert.deepEqual(follow.end?.end, 'proven', follow.end?.evidence);
});

test('a stream that had ended before its container did proves nothing of files that vanish', async () => {
  using follow = await leaving();
  follow.stream.end();
  await follow.advance(300);
  follow.node.names.clear();
  follow.life.update(follow.view('terminated', follow.time(3500)), 0);
  await follow.advance(5000);
  assert.deepEqual(follow.recorded().lines, ['one', 'two']);
  assert.equal(follow.recorded().gaps.length, 1);
  assert.deepEqual(follow.end?.end, 'not proven');
});

test('a line that only the stream brought before the files vanished stands', async () => {
  using follow = await leaving();
  follow.node.names.clear();
  follow.stream.push(follow.line(1600, 'three'));
  follow.stream.end();
  follow.life.update(follow.view('terminated', follow.time(1600)), 0);
  await follow.advance(5000);
  assert.deepEqual(follow.recorded(), { lines: ['one', 'two', 'three'], gaps: [] });
  assert.deepEqual(follow.end?.end, 'proven', follow.end?.evidence);
});

test('a stream that is opened anew while the files vanish repeats nothing', async () => {
  using follow = await leaving();
  const first = follow.stream;
  first.end();
  await follow.advance(1000);
  assert.equal(follow.streams.length, 2);
  follow.node.names.clear();
  follow.stream.push(follow.line(1, 'one') + follow.line(2, 'two'));
  follow.stream.end();
  follow.life.update(follow.view('terminated', follow.time(1600)), 0);
  await follow.advance(5000);
  assert.deepEqual(follow.recorded(), { lines: ['one', 'two'], gaps: [] });
});
