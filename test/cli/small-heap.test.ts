import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { cachedDataVersionTag } from 'node:v8';
import { keepHeapSmall } from '../../src/cli/small-heap.ts';

const MIB = 1024 * 1024;
const SMALL_HEAP = new URL('../../src/cli/small-heap.ts', import.meta.url).href;

/** To what size, in bytes, the young generation of a program grows in which much lives on for a while. */
function youngBytesOf(program: string): number {
  const source = `
    import { getHeapSpaceStatistics } from 'node:v8';
    import { setImmediate } from 'node:timers/promises';
    import { boundYoungGeneration } from ${JSON.stringify(SMALL_HEAP)};
    ${program}
    const living = [];
    for (let at = 0, turn = 0; turn < 60; turn += 1) {
      for (let made = 0; made < 20_000; made += 1) living[at++ % 60_000] = { at, parts: [at, turn] };
      await setImmediate();
    }
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    process.stdout.write(String(young.space_size));`;
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8' }));
}

test('the young generation grows to 32 MiB and no further while it is bounded', () => {
  assert.ok(youngBytesOf('') > 32 * MIB, 'left to itself it does');
  assert.equal(youngBytesOf('using bound = boundYoungGeneration();'), 32 * MIB);
});

test('the young generation grows as it likes once it is bounded no more', () => {
  assert.ok(youngBytesOf('{ using bound = boundYoungGeneration(); }') > 32 * MIB);
});

test('once a story is made V8 has the flags that it began with, without which it would take no code that it made then', () => {
  const before = cachedDataVersionTag();
  {
    using _small = keepHeapSmall();
    assert.notEqual(cachedDataVersionTag(), before);
  }
  assert.equal(cachedDataVersionTag(), before);
});
