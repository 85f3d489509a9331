import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '../../src/demo/clock.ts';
import { prepareShop } from '../../src/demo/scenario.ts';
import type { Root } from '../../src/model/record.ts';
import { type EndConditions, type RecordResult, reachEnd } from '../../src/record/end.ts';
import { type GoalState, goalState } from '../../src/record/goal.ts';
import type { RecordedObject } from '../../src/record/placement.ts';
import { startRecording, until, WEB } from './harness.ts';

test('a goal is not judged before the command has ended, and then on states that are as new as the server', async () => {
  const command = Promise.withResolvers<void>();
  await using recording = await startRecording({
    prepare: prepareShop,
    end: { until: 'ready', after: command.promise },
  });
  const { cluster, records, result } = recording;
  let hasEnded = false;
  void result.then(() => {
    hasEnded = true;
  });
  const generation = () =>
    records.findLast((record) => record.kind === 'object' && record.object.kind === 'Deployment');
  await until('it is ready', () => {
    const last = generation();
    return last?.kind === 'object' && JSON.stringify(last.object.status ?? {}).includes('"readyReplicas":3');
  });
  assert.equal(hasEnded, false);
  // What the command does last stands in no watch yet when it ends.
  cluster.change('deployments.apps', 'shop', 'web', (web) => ({
    ...web,
    spec: { ...(web.spec as object), replicas: 4 },
  }));
  command.resolve();
  assert.equal((await result).ended, 'until:ready');
  const last = generation();
  assert.equal(last?.kind === 'object' ? last.object.metadata.generation : 0, 2);
  assert.match(JSON.stringify(last?.kind === 'object' ? last.object.status : {}), /"readyReplicas":4/);
});

/** A Deployment that is ready whenever its pod's container runs, as without a readiness probe. */
class CrashingWorkload {
  readonly clock = new SimulatedClock();
  restarts: number;
  #ready = 0;
  revision = 0;

  constructor(restarts: number) {
    this.restarts = restarts;
  }

  get recorded(): RecordedObject[] {
    const about = (name: string) => ({ name, namespace: 'shop', uid: name, resourceVersion: '1', generation: 1 });
    const counts = { replicas: 1, updatedReplicas: 1, readyReplicas: this.#ready, availableReplicas: this.#ready };
    const status = { name: 'app', restartCount: this.restarts, lastState: { terminated: { exitCode: 3 } } };
    return [
      {
        resource: 'deployments',
        object: {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: about('web'),
          spec: { replicas: 1 },
          status: { observedGeneration: 1, ...counts },
        },
        isDeleted: false,
      },
      {
        resource: 'pods',
        object: {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: about('web-1'),
          spec: { containers: [{ name: 'app' }] },
          status: { containerStatuses: [status] },
        },
        isDeleted: false,
      },
    ];
  }

  isMember(): boolean {
    return true;
  }

  becomeReady(): void {
    this.#ready = 1;
    this.revision += 1;
  }

  /** It crashes and is started again, every ten seconds, so many times. */
  async crash(times: number): Promise<void> {
    for (let crash = 0; crash < times; crash += 1)
      for (const [ready, restarts] of [
        [1, 0],
        [0, 1],
      ] as const) {
        this.#ready = ready;
        this.restarts += restarts;
        this.revision += 1;
        await this.clock.advance(5000, settle);
      }
  }

  end(after: Promise<void> | undefined): Promise<RecordResult> {
    const end = { until: 'ready', forMs: undefined, timeoutMs: 600_000, settleMs: 6000 } as const;
    const recording = {
      clock: this.clock,
      roots: [WEB],
      placement: this,
      listed: () => Promise.resolve(),
      awaited: () => [],
      log: { warn: () => undefined },
      catchUp: async () => undefined,
    };
    return reachEnd(after === undefined ? end : { ...end, after }, recording, new AbortController().signal);
  }
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

test('after a command a crash loop fails the goal early, though it is ready at each start', async () => {
  const workload = new CrashingWorkload(40); // before the command
  const result = workload.end(Promise.resolve());
  await settle();
  await workload.crash(7);
  const { ended, goal, reason } = await result;
  assert.deepEqual([ended, goal], ['until:ready failed', 'failed']);
  assert.match(reason, /^container app of pod web-1 has crashed [56] times, last with exit code 3$/);
  assert.ok(workload.clock.now() - Date.UTC(2026, 10, 23, 12) < 80_000);
});

test('without a command, or after a few crashes only, a crash loop is waited for', async () => {
  for (const [after, crashes] of [
    [undefined, 20],
    [Promise.resolve(), 4],
  ] as const) {
    const workload = new CrashingWorkload(0);
    const result = workload.end(after);
    await settle();
    await workload.crash(crashes);
    await workload.clock.advance(600_000, settle);
    assert.equal((await result).ended, 'timeout');
  }
});

test('a goal that is not met in time names each target that does not meet it, why, and the time that was given', async () => {
  const workload = new CrashingWorkload(0);
  const named = (name: string) => ({ ...WEB, name });
  const reasonOf = async (more: Partial<EndConditions>, roots: readonly Root[]) => {
    const end = { until: 'ready', forMs: undefined, timeoutMs: 90_000, settleMs: 6000, ...more } as const;
    const recording = {
      clock: workload.clock,
      roots,
      placement: workload,
      listed: () => Promise.resolve(),
      awaited: () => [],
      log: { warn: () => undefined },
      catchUp: async () => undefined,
    };
    const result = reachEnd(end, recording, new AbortController().signal);
    await settle();
    await workload.clock.advance(90_000, settle);
    const { ended, goal, reason } = await result;
    assert.deepEqual([ended, goal], ['timeout', 'failed']);
    return reason;
  };
  const missing = (name: string) => `deployments/${name} does not exist yet`;
  assert.equal(
    await reasonOf({}, [named('web'), named('db'), named('cache')]),
    `not ready within 1m30s: deployments/web: 0 of 1 replicas are ready; ${missing('db')}; ${missing('cache')}`,
  );
  const many = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  assert.equal(
    await reasonOf({ given: { forMs: undefined, timeoutMs: 600_000 } }, many.map(named)),
    `not ready within 10m: ${many.slice(0, 5).map(missing).join('; ')}; and 2 more`,
  );
  assert.equal(
    await reasonOf({ settleMs: 600_000, until: 'deleted' }, [named('web')]),
    'not deleted within 1m30s: deployments/web exists',
  );
  workload.becomeReady();
  assert.equal(
    await reasonOf({ settleMs: 600_000 }, [named('web')]),
    'not ready within 1m30s: ready at last, but not yet for 10m',
  );
});

test('a target that is not there is waited for, or after a command is a failure, or what was asked for', () => {
  const state = (goal: 'ready' | 'deleted', mustExist: boolean): GoalState['state'] =>
    goalState(goal, { roots: [WEB], recorded: [], mustExist }).state;
  assert.equal(state('ready', false), 'waiting');
  assert.equal(state('ready', true), 'failed');
  assert.equal(state('deleted', false), 'waiting');
  assert.equal(state('deleted', true), 'met');
});
