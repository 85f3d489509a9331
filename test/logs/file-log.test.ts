import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import { ContainerLog } from '../../src/demo/container-log.ts';
import { LogFolder } from '../../src/demo/log-folder.ts';
import type { NodeFiles } from '../../src/kube/node-files.ts';
import { FileLog } from '../../src/logs/file-log.ts';
import { KeptFiles } from '../../src/logs/kept-files.ts';

const signal = new AbortController().signal;

/** A container's folder as a node serves it. */
function filesOf(folder: LogFolder): NodeFiles {
  return {
    through: 'the test',
    list: async () => folder.names(),
    read: async (file, from) => {
      const bytes = folder.bytes(file);
      if (bytes === undefined) return { type: 'missing' };
      if (from >= bytes.length) return { type: 'beyond', size: bytes.length };
      async function* body() {
        yield (bytes as Buffer).subarray(from);
      }
      return { type: 'bytes', from, body: Object.assign(body(), { [Symbol.asyncDispose]: async () => undefined }) };
    },
  };
}

function startLog() {
  const clock = new SimulatedClock();
  const folder = new LogFolder();
  const log = new ContainerLog(clock, folder, 0);
  const reader = new FileLog({ files: filesOf(folder), folder: '', restart: 0, kept: new KeptFiles(() => 5), clock });
  const rotate = async () => {
    log.rotate(5);
    await clock.advance(10_000, async () => undefined);
  };
  /** What a reading brings: the lines' texts, and what is told as lost. */
  const read = async () => {
    const told: string[] = [];
    for await (const piece of reader.read({ hurry: true }, signal))
      if (piece.type === 'lost') told.push(`${piece.certainty}: ${piece.evidence}`);
      else
        told.push(
          ...String(piece.bytes)
            .trimEnd()
            .split('\n')
            .map((record) => record.split(' ').slice(3).join(' ')),
        );
    return told;
  };
  return { log, rotate, read };
}

test('a file that was empty when it was first read, and rotated before the next reading, is read from its beginning', async () => {
  const { log, rotate, read } = startLog();
  assert.deepEqual(await read(), []);
  log.write('one');
  await rotate();
  log.write('two');
  await rotate();
  log.write('three');
  assert.deepEqual(await read(), ['one', 'two', 'three']);
});

test('where as many rotated files are found as the kubelet keeps, the beginning may have been removed', async () => {
  const { log, rotate, read } = startLog();
  for (const line of ['one', 'two', 'three', 'four', 'five', 'six']) {
    log.write(line);
    await rotate();
  }
  const [lost = '', ...lines] = await read();
  assert.match(lost, /^suspected: .* older ones may have been removed$/);
  assert.deepEqual(lines, ['three', 'four', 'five', 'six']);
  assert.deepEqual(await read(), []);
});

test('files that came and went since an empty one was read may have been removed', async () => {
  const { log, rotate, read } = startLog();
  log.write('one');
  assert.deepEqual(await read(), ['one']);
  await rotate();
  assert.deepEqual(await read(), []);
  for (const line of ['two', 'three', 'four', 'five', 'six', 'seven']) {
    log.write(line);
    await rotate();
  }
  const [lost = '', ...lines] = await read();
  assert.match(lost, /^suspected: since its files were last read, .* older ones may have been removed$/);
  assert.deepEqual(lines, ['four', 'five', 'six', 'seven']);
});

test('what was rotated and not yet removed is no loss', async () => {
  const { log, rotate, read } = startLog();
  log.write('one');
  await rotate();
  log.write('two');
  assert.deepEqual(await read(), ['one', 'two']);
});
