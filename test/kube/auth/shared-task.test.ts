import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SharedTask } from '../../../src/kube/auth/shared-task.ts';

interface Run {
  readonly signal: AbortSignal;
  readonly finish: PromiseWithResolvers<string>;
}

/** A task whose runs the test ends; a run whose signal aborts ends when the test says so. */
function controlled(): { task: SharedTask<string>; runs: Run[] } {
  const runs: Run[] = [];
  const task = new SharedTask<string>((signal) => {
    const run = { signal, finish: Promise.withResolvers<string>() };
    runs.push(run);
    return run.finish.promise;
  });
  return { task, runs };
}

const never = (): AbortSignal => new AbortController().signal;
const turn = (): Promise<void> => new Promise(setImmediate);

describe('SharedTask', () => {
  it('runs once for all who come while it runs, and again for who comes later', async () => {
    const { task, runs } = controlled();
    const first = [task.join(never()), task.join(never()), task.join(never())];
    await turn();
    assert.equal(runs.length, 1);
    runs[0]?.finish.resolve('one');
    assert.deepEqual(await Promise.all(first), ['one', 'one', 'one']);
    const second = task.join(never());
    await turn();
    runs[1]?.finish.resolve('two');
    assert.equal(await second, 'two');
  });

  it('gives a failure to all who waited, and tries again for the next', async () => {
    const { task, runs } = controlled();
    const first = Promise.allSettled([task.join(never()), task.join(never())]);
    await turn();
    runs[0]?.finish.reject(new Error('no'));
    assert.deepEqual(
      (await first).map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    const second = task.join(never());
    await turn();
    runs[1]?.finish.resolve('yes');
    assert.equal(await second, 'yes');
  });

  it('goes on for the others when one leaves', async () => {
    const { task, runs } = controlled();
    const leaving = new AbortController();
    const left = task.join(leaving.signal);
    const stays = task.join(never());
    await turn();
    leaving.abort(new Error('gone'));
    await assert.rejects(left, /gone/);
    assert.equal(runs[0]?.signal.aborted, false);
    runs[0]?.finish.resolve('done');
    assert.equal(await stays, 'done');
  });

  it('aborts the run when the last one leaves, and begins the next only when that one has ended', async () => {
    const { task, runs } = controlled();
    const leaving = new AbortController();
    const left = task.join(leaving.signal);
    await turn();
    leaving.abort(new Error('gone'));
    await assert.rejects(left, /gone/);
    assert.equal(runs[0]?.signal.aborted, true);
    const next = task.join(never());
    await turn();
    assert.equal(runs.length, 1, 'the next run did not wait');
    runs[0]?.finish.reject(new Error('killed'));
    await turn();
    runs[1]?.finish.resolve('next');
    assert.equal(await next, 'next');
  });

  it('does not begin a run that everyone left while the one before was ending', async () => {
    const { task, runs } = controlled();
    const [one, two] = [new AbortController(), new AbortController()];
    const first = task.join(one.signal);
    await turn();
    one.abort(new Error('gone'));
    await assert.rejects(first, /gone/);
    const second = task.join(two.signal);
    two.abort(new Error('gone, too'));
    await assert.rejects(second, /gone, too/);
    runs[0]?.finish.resolve('late');
    await turn();
    assert.equal(runs.length, 1);
  });

  it('asks nothing of a signal that has aborted already', async () => {
    const { task, runs } = controlled();
    await assert.rejects(task.join(AbortSignal.abort(new Error('too late'))), /too late/);
    await turn();
    assert.equal(runs.length, 0);
  });
});
