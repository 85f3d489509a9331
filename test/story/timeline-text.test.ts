import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DocumentText } from '../../src/story/document-text.ts';
import type { Examination } from '../../src/story/examine.ts';
import { TIME_BYTES } from '../../src/story/line-time.ts';
import type { LineBatch } from '../../src/story/merge.ts';
import { TimelineText } from '../../src/story/timeline-text.ts';
import { KEPT } from '../../src/verdict/last-lines.ts';
import { holds } from '../property.ts';

const TIME = Buffer.from('"time":"'.padEnd(TIME_BYTES, '0'));
const ABOUT = Buffer.from('","type":"log","line":"');
const HEAD = { second: 0, nanosecond: 0, steps: 0, order: 0, time: TIME, timeAt: 0, about: ABOUT, aboutAt: 0 };

/** Writes some lines at once, as a log's cursor does, or none where they are too many. */
function batchOf(lines: readonly string[]): LineBatch {
  return (beginning, most) => {
    if (lines.length > most) return undefined;
    const entries = lines.map((line) => {
      const entry = `${beginning.toString('latin1')}${TIME}${ABOUT}${line}"}`;
      const seq = Number(beginning.toString('latin1', ',\n{"seq":'.length, beginning.length - 1)) + 1;
      if (String(seq).length === beginning.length - ',\n{"seq":,'.length) beginning.write(`,\n{"seq":${seq},`);
      return entry;
    });
    return { lines: lines.length, bytes: Buffer.from(entries.join('')), nanosecond: 0, next: 0 };
  };
}

const runs = fc.array(
  fc.record({
    container: fc.nat(2),
    lines: fc.integer({ min: 1, max: 8 }),
    isBatch: fc.boolean(),
    flushes: fc.boolean(),
  }),
  { minLength: 1, maxLength: 60, size: 'max' },
);

test('of each container the last lines are told, in their order and as they stand, however its log alternates with others', async () => {
  await holds(
    fc.asyncProperty(runs, async (all) => {
      const told: string[][] = [[], [], []];
      const examination: Pick<Examination, 'takeLine'> = {
        takeLine(container, seq, bytes, from, to) {
          told[container]?.push(`${seq} ${bytes.toString('latin1', from, to)}`);
        },
      };
      const text = new DocumentText(async () => undefined);
      const timeline = new TimelineText(text, { of: new Set([0, 1]), examination: examination as Examination });
      const written: string[][] = [[], [], []];
      let seq = 0;
      for (const { container, lines, isBatch, flushes } of all) {
        const contents = Array.from({ length: lines }, (_, index) => `line ${seq + index}`);
        for (const [index, line] of contents.entries())
          written[container]?.push(`${seq + index} ${TIME}${ABOUT}${line}"}`);
        seq += lines;
        if (!isBatch || timeline.takeLines(container, batchOf(contents)) === undefined)
          for (const line of contents) {
            timeline.beginLine({ ...HEAD, container, aboutEnd: ABOUT.length });
            text.addText(line);
            timeline.endLine();
          }
        if (flushes) await timeline.flush();
      }
      await timeline.flush();
      for (const container of [0, 1]) assert.deepEqual(told[container]?.slice(-KEPT), written[container]?.slice(-KEPT));
      assert.deepEqual(told[2], []);
    }),
    { numRuns: 200 },
  );
});
