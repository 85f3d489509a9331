import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { asTimestamped, CriJoiner } from '../../src/logs/cri-lines.ts';
import { FileLog } from '../../src/logs/file-log.ts';
import { footholdBehind } from '../../src/logs/foothold.ts';
import { KeptFiles } from '../../src/logs/kept-files.ts';
import { linesOf, timeOf } from '../../src/logs/lines.ts';
import { LogCursor } from '../../src/logs/position.ts';
import { collect } from '../held-memory.ts';
import { holds } from '../property.ts';
import { FakeNode } from './fake-node.ts';

const NEVER = new AbortController().signal;
const MIB = 1024 * 1024;

interface Step {
  readonly stream: 'stdout' | 'stderr';
  /** Records that the line is cut into. */
  readonly records: number;
  /** Milliseconds after the line before; lines of one moment are normal. */
  readonly later: number;
  /** Moves the file aside behind the line. */
  readonly rotates: boolean;
}

/** A log on its node, and its lines as the pod log API gives them. */
function logOf(steps: readonly Step[]) {
  const node = new FakeNode(1000);
  const joiner = new CriJoiner();
  const lines: Buffer[] = [];
  let at = Date.UTC(2026, 10, 25, 12);
  for (const [number, { stream, records, later, rotates }] of steps.entries()) {
    at += later;
    const time = `${new Date(at).toISOString().slice(0, -1)}000000Z`;
    const parts = Array.from({ length: records }, (_, part) => (part + 1 < records ? `P begun ` : `F line ${number}`));
    const text = parts.map((part) => `${time} ${stream} ${part}\n`).join('');
    node.write(text);
    lines.push(...linesOf(asTimestamped(joiner, Buffer.from(text)).bytes));
    if (!rotates) continue;
    node.rotate();
    at += 3000; // no kubelet rotates more often
  }
  return { node, lines };
}

function wanted(lines: readonly Buffer[]) {
  const cursor = new LogCursor();
  for (const line of lines) cursor.remember(Buffer.concat([line, Buffer.from('\n')]), timeOf(line) ?? assert.fail());
  const { last } = cursor;
  const resume = cursor.resume();
  return resume === undefined || last === undefined ? assert.fail('no line is known') : { resume, last };
}

/** What the files give behind the lines that are known; undefined where those are not found. */
async function behind(node: FakeNode, known: readonly Buffer[]): Promise<readonly string[] | undefined> {
  const from = { files: node, folder: '', restart: 0 };
  const position = await footholdBehind(wanted(known), from, NEVER);
  if (position === undefined) return undefined;
  const after = { position, rotations: 0 };
  const log = new FileLog({ ...from, kept: new KeptFiles(() => 1000), clock: { now: () => 0 }, after });
  const joiner = new CriJoiner();
  const lines: string[] = [];
  for await (const piece of log.read({ hurry: true }, NEVER)) {
    if (piece.type === 'lost') assert.fail(piece.evidence);
    lines.push(...[...linesOf(asTimestamped(joiner, piece.bytes).bytes)].map(String));
  }
  return lines;
}

const step: fc.Arbitrary<Step> = fc.record({
  stream: fc.constantFrom('stdout', 'stderr'),
  records: fc.constantFrom(1, 1, 1, 2, 3),
  later: fc.constantFrom(0, 0, 1, 400, 1000),
  rotates: fc.constantFrom(false, false, false, true),
});

test('wherever a stream is left, the files go on with the next line, over lines of one moment, cut lines and rotations', async () => {
  await holds(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), fc.nat(), async (steps, seed) => {
      const { node, lines } = logOf(steps);
      const known = 1 + (seed % lines.length);
      assert.deepEqual(await behind(node, lines.slice(0, known)), lines.slice(known).map(String));
    }),
    { numRuns: 300 },
  );
});

const plain: Step = { stream: 'stdout', records: 1, later: 300, rotates: false };

test('lines that the files do not hold any more give no place', async () => {
  const { node, lines } = logOf([plain, { ...plain, rotates: true }, plain, plain]);
  for (const name of [...node.names.keys()]) if (name !== '0.log') node.names.delete(name);
  assert.equal(await behind(node, lines.slice(0, 2)), undefined);
  assert.deepEqual(await behind(node, lines.slice(0, 3)), [String(lines[3])]);
});

test('where the files do not hold the last line yet, there is no place to go on', async () => {
  const { node, lines } = logOf([plain, plain]);
  const next = logOf([plain, plain, plain]).lines;
  assert.deepEqual(await behind(node, lines), []);
  assert.equal(await behind(node, next), undefined);
});

test("another run's lines give no place", async () => {
  const { lines } = logOf([plain, plain, plain]);
  const other = logOf([{ ...plain, later: 301 }, plain, plain]);
  assert.equal(await behind(other.node, lines.slice(0, 2)), undefined);
});

test('where another line was open when the last one ended, there is no place to go on', async () => {
  const { node, lines } = logOf([plain]);
  const time = '2026-11-25T12:00:01.000000000Z';
  node.write(`${time} stderr P open \n${time} stdout F whole\n`);
  const known = [...lines, Buffer.from(`${time} whole`)];
  assert.equal(await behind(node, known), undefined);
  node.write(`${time} stderr F ended\n${time} stdout F next\n`);
  assert.deepEqual(await behind(node, [...known, Buffer.from(`${time} open ended`)]), [`${time} next`]);
});

test('however much the last second brought, little of it is held while its lines are looked for', async () => {
  const { node, lines } = logOf([plain]);
  const [line] = lines;
  assert.ok(line);
  const text = `${line.toString('latin1', 0, 30)} stdout F ${'x'.repeat(1000)}\n`;
  for (let at = 0; at < 8; at += 1) node.write(text.repeat(1000));
  const heldBytes = () => {
    for (let times = 0; times < 3; times += 1) collect();
    return process.memoryUsage().arrayBuffers;
  };
  let [held, repeats] = [0, 0];
  const before = heldBytes();
  const { resume, last } = wanted(lines);
  const matcher: typeof resume.matcher = {
    accept: () => {
      repeats += 1;
      return { state: 'open' };
    },
    end: () => {
      held = heldBytes() - before;
      return { state: 'joined', fresh: [], repeats, isWhole: true };
    },
  };
  const from = { files: node, folder: '', restart: 0 };
  const position = await footholdBehind({ resume: { ...resume, matcher }, last }, from, NEVER);
  assert.equal(position?.offset, node.names.get('0.log')?.length);
  assert.ok(held < 4 * MIB, `${held} bytes held`);
});
