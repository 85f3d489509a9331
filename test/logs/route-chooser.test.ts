import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import type { NodeRoute } from '../../src/kube/node-routes.ts';
import { InstanceLife } from '../../src/logs/life.ts';
import { RefusedLog } from '../../src/logs/refused-log.ts';
import { type LogRouteChoice, RouteChooser } from '../../src/logs/route-chooser.ts';
import type { LogSink } from '../../src/logs/sink.ts';
import { LogWitness } from '../../src/logs/witness.ts';
import type { Timestamp } from '../../src/model/time.ts';
import { FakeNode } from './fake-node.ts';
import { kept } from './kept.ts';

const { signal } = new AbortController();
const instance = { podUid: 'p', namespace: 'shop', pod: 'web', container: 'app', restart: 0 };
const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', uid: 'p', resourceVersion: '1' } };
const STARTED = '2026-11-23T12:00:00.000000000Z' as Timestamp;
const FINISHED = '2026-11-23T12:00:20.000000000Z' as Timestamp;
const RUNNING = { state: 'running', startedAt: STARTED, finishedAt: undefined } as const;

const files: NodeRoute = { type: 'node-files', node: 'n', files: new FakeNode(), isProxied: true };
const refused: NodeRoute = { type: 'refused', node: 'n', reason: '403', isPassing: false };
const passing: NodeRoute = { type: 'refused', node: 'n', reason: '503', isPassing: true };

/** What comes of a run whose node answers so, one after the other, the last again and again. */
async function chosen(route: LogRouteChoice, answers: readonly NodeRoute[]) {
  const clock = new SimulatedClock();
  const said: string[] = [];
  const noted: string[] = [];
  let asked = 0;
  const chooser = new RouteChooser(
    {
      route,
      limits: {},
      routeOf: async () => answers[Math.min(asked++, answers.length - 1)] ?? refused,
      sink: { append: (record) => void (record.kind === 'note' && noted.push(record.text)) },
      clock,
      say: (text, level) => said.push(`${level}: ${text}`),
    },
    signal,
  );
  const choice = chooser.choose(pod, new InstanceLife(instance, RUNNING), signal);
  await clock.advance(60_000, () => new Promise((resolve) => setImmediate(resolve)));
  return { route: await choice, asked, said, noted };
}

test('a node that cannot be asked for a moment is asked again, and only what comes of it is said', async () => {
  const { route, said } = await chosen('auto', [passing, passing, files]);
  assert.equal(route, files);
  assert.deepEqual(said, [
    "info: logs come from the nodes' log files, through a fake, with the pod log API beside them: every line that a file still holds",
  ]);
});

test('a node that refuses is asked once', async () => {
  assert.deepEqual(await chosen('auto', [refused]).then(({ route, asked }) => [route, asked]), [refused, 1]);
});

test('a kubelet that was to be asked directly, and refuses, is a warning with the way out, in the story too', async () => {
  const { said, noted } = await chosen('auto', [{ ...refused, wayOut: 'let it' }]);
  const text =
    'node n does not let its log files be read (403): the logs of its pods come from the pod log API, where a rotation can lose lines; let it';
  assert.deepEqual({ said, noted }, { said: [`warn: ${text}`], noted: [text] });
});

test('a refusal is no warning where nobody asked for files, and one where only they may serve', async () => {
  for (const [route, level] of [
    ['auto', 'info'],
    ['node-files', 'warn'],
  ] as const)
    assert.match((await chosen(route, [refused])).said.join(), new RegExp(`^${level}: [^;]*$`));
});

test('where the pod log API can serve instead, a node that does not answer is soon given up', async () => {
  assert.equal((await chosen('auto', [passing])).route, passing);
});

test('where only files may serve, a node is asked for as long as its files can be there', async () => {
  const { route, asked } = await chosen('node-files', [...Array<NodeRoute>(10).fill(passing), files]);
  assert.deepEqual([route, asked], [files, 11]);
});

test('a log that may not be read is missing from its start to its end, also what is written later', async () => {
  const records: Parameters<LogSink['append']>[0][] = [];
  const life = new InstanceLife(instance, RUNNING);
  const sink = {
    append: (record: Parameters<LogSink['append']>[0]) => void records.push(kept(record)),
    drained: async () => undefined,
  };
  const witness = new LogWitness({ life, sink, clock: new SimulatedClock() });
  const end = new RefusedLog({ life, witness, evidence: 'node n refuses' }).run(signal);
  life.update(RUNNING, 0);
  assert.equal(records.length, 0);
  life.update({ state: 'terminated', startedAt: STARTED, finishedAt: FINISHED }, 0);
  assert.equal((await end).end, 'not proven');
  const [gap] = records.flatMap((record) => (record.kind === 'gap' ? [record.gap] : []));
  assert.deepEqual([gap?.from, gap?.to, gap?.certainty], [STARTED, '2026-11-23T12:00:20.999999999Z', 'known']);
});
