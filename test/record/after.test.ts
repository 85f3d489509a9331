import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepareShop } from '../../src/demo/scenario.ts';
import { type GoalState, goalState } from '../../src/record/goal.ts';
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

test('a target that is not there is waited for, or after a command is a failure, or what was asked for', () => {
  const state = (goal: 'ready' | 'deleted', mustExist: boolean): GoalState['state'] =>
    goalState(goal, [WEB], [], { mustExist }).state;
  assert.equal(state('ready', false), 'waiting');
  assert.equal(state('ready', true), 'failed');
  assert.equal(state('deleted', false), 'waiting');
  assert.equal(state('deleted', true), 'met');
});
