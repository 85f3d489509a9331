import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../src/cli/context.ts';
import { JournalReader } from '../../src/journal/reader.ts';
import { JournalWriter } from '../../src/journal/writer.ts';
import { parseKubeconfig } from '../../src/kube/config/kubeconfig.ts';
import { readList } from '../../src/kube/list.ts';
import { readDocument } from '../../src/kube/metadata-protobuf.ts';
import { readFrames } from '../../src/kube/watch-frames.ts';
import { measureRecords, withOpenLines } from '../../src/logs/cri.ts';
import { CriJoiner } from '../../src/logs/cri-lines.ts';
import { FaroError } from '../../src/model/errors.ts';
import { timestampOf } from '../../src/model/time.ts';
import { temporaryFolder } from '../folder.ts';
import { PODS } from '../kube/wire/types.ts';
import { holds } from '../property.ts';

/**
 * Whatever bytes come, a decoder gives what is sound, or says what is not in a FaroError. What once was interesting
 * lies in corpus/ and begins every run.
 */
const RUNS = 300;
const CORPUS = join(import.meta.dirname, 'corpus');

/** The corpus of a decoder, and mutations of it: pieces cut out, doubled, or replaced by any bytes. */
function inputs(name: string): { readonly seeds: [Buffer][]; readonly any: fc.Arbitrary<Buffer> } {
  const files = readdirSync(join(CORPUS, name)).sort();
  const seeds = files.map((file): [Buffer] => [readFileSync(join(CORPUS, name, file))]);
  const edit = fc.tuple(fc.nat(), fc.nat(64), fc.oneof(fc.uint8Array({ maxLength: 16 }), fc.constant(undefined)));
  const mutated = fc
    .tuple(fc.constantFrom(...seeds.map(([bytes]) => bytes)), fc.array(edit, { minLength: 1, maxLength: 6 }))
    .map(([bytes, edits]) => edits.reduce(mutate, bytes));
  return {
    seeds,
    any: fc.oneof(
      { weight: 4, arbitrary: mutated },
      fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
    ),
  };
}

function mutate(bytes: Buffer, [place, length, piece]: readonly [number, number, Uint8Array | undefined]): Buffer {
  const at = place % (bytes.length + 1);
  const doubled = bytes.subarray(at, at + length);
  return Buffer.concat([
    bytes.subarray(0, at),
    piece ?? Buffer.concat([doubled, doubled]),
    bytes.subarray(at + length),
  ]);
}

/** Pieces of the bytes, cut anywhere. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const edges = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
}

/** What a decoder may throw; anything else is a bug. */
function isStated(error: unknown): void {
  if (!(error instanceof FaroError)) throw error;
  assert.ok(error.message.length > 0 && error.message.length < 4096);
}

describe('decoders, with any bytes', () => {
  test('records of a node’s log file: every byte is counted once, and blocks give the same lines as the whole', () => {
    const { seeds, any } = inputs('cri');
    const check = (bytes: Buffer) => {
      const whole = bytes.subarray(0, bytes.lastIndexOf(10) + 1);
      const measure = measureRecords(whole);
      assert.ok(measure.wholeEnd <= whole.length && measure.foreign <= whole.length);
      const joiner = new CriJoiner();
      const lines = [...joiner.lines(whole)];
      assert.equal(lines.length, measure.lines);
      const contents = lines.reduce((sum, { content }) => sum + content.length, 0);
      assert.equal(contents, measure.contentBytes);
      const times = lines.map(({ time }) => time).sort();
      if (times.length > 0) assert.deepEqual([measure.first, measure.last], [times[0], times.at(-1)]);
      const rest = [...joiner.rest()];
      const open = rest.reduce((sum, { content }) => sum + content.length, 0);
      const ended = withOpenLines(measure);
      assert.deepEqual([ended.lines, ended.contentBytes], [lines.length + rest.length, contents + open]);
      const pieces = new CriJoiner();
      const newlines = [...whole.keys()].filter((at) => whole[at] === 10).map((at) => at + 1);
      const blocks = cut(
        whole,
        newlines.filter((_, index) => index % 2 === 0),
      );
      const again = blocks.flatMap((block) => [...pieces.lines(block)]);
      const plain = (found: typeof lines) =>
        found.map(({ time, stream, content }) => [time, stream, content.toString('latin1')]);
      assert.deepEqual(plain(again), plain(lines));
    };
    holds(fc.property(any, check), { numRuns: RUNS, examples: seeds });
  });

  test('frames of a watch: objects, or a stated error, wherever the network cuts', async () => {
    const { seeds, any } = inputs('watch');
    const read = async (format: 'json' | 'protobuf', chunks: readonly Buffer[]) => {
      async function* body(): AsyncGenerator<Buffer> {
        yield* chunks;
      }
      let frames = 0;
      try {
        for await (const frame of readFrames(body(), { type: PODS, format, maxBytes: 10_000 })) {
          frames += 1;
          if (frame.type !== 'BOOKMARK' && frame.type !== 'ERROR')
            assert.equal(typeof frame.object.metadata.uid, 'string');
        }
      } catch (error) {
        isStated(error);
        return `${frames} ${error instanceof FaroError ? error.code : ''}`;
      }
      return String(frames);
    };
    await holds(
      fc.asyncProperty(any, fc.array(fc.nat(), { maxLength: 5 }), async (bytes, places) => {
        for (const format of ['json', 'protobuf'] as const)
          assert.equal(await read(format, cut(bytes, places)), await read(format, [bytes]));
      }),
      { numRuns: RUNS, examples: seeds.map(([bytes]): [Buffer, number[]] => [bytes, [1, 7]]) },
    );
  });

  test('a list of placements: objects, or a stated error', () => {
    const { seeds, any } = inputs('placements');
    const check = (bytes: Buffer) => {
      try {
        for (const { metadata } of readList(readDocument(bytes), PODS).items)
          assert.equal(typeof metadata.resourceVersion, 'string');
      } catch (error) {
        isStated(error);
      }
    };
    holds(fc.property(any, check), { numRuns: RUNS, examples: seeds });
  });

  test('a kubeconfig: entries, or a stated error, that shows no piece of what may be a secret', () => {
    const { seeds, any } = inputs('kubeconfig');
    const check = (bytes: Buffer) => {
      try {
        parseKubeconfig(bytes, '/home/ada/.kube/config');
      } catch (error) {
        isStated(error);
        assert.ok(
          error instanceof FaroError && !error.message.includes('t0ps3cret') && !error.hint?.includes('t0ps3cret'),
        );
      }
    };
    holds(fc.property(any, check), { numRuns: RUNS, examples: seeds });
  });

  test('segments of a journal: records that were written, or stated damage', async () => {
    const dir = join(temporaryFolder('fuzz'), 'journal');
    {
      await using writer = await JournalWriter.create(dir, { clock: systemClock });
      for (let index = 0; index < 20; index += 1)
        writer.append({ kind: 'note', observed: timestampOf(index), text: `note ${index} ${'ab'.repeat(index * 40)}` });
    }
    const [segment = ''] = readdirSync(dir).filter((name) => name.endsWith('.faroj'));
    const sound = readFileSync(join(dir, segment));
    const edit = fc.tuple(fc.nat(), fc.nat(64), fc.oneof(fc.uint8Array({ maxLength: 16 }), fc.constant(undefined)));
    await holds(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
        writeFileSync(join(dir, segment), edits.reduce(mutate, sound));
        try {
          await using reader = await JournalReader.open(dir);
          for await (const { record } of reader.records())
            assert.match(record.kind === 'note' ? record.text : record.kind, /^note \d+ (?:ab)*$/);
        } catch (error) {
          isStated(error);
        }
      }),
      { numRuns: RUNS },
    );
  });
});
