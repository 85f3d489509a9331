import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Recorded, type RecordingHooks, recordAround } from '../../../src/cli/ci/around.ts';
import { systemClock } from '../../../src/cli/context.ts';
import { Interrupt } from '../../../src/cli/interrupt.ts';

const counts = { objects: 0, containers: 0, entries: 0, logLines: 0, events: 0, gaps: 0, redactions: 0 };
const verdict = { status: 'unknown', consequences: [] } as const;
const summary = {
  counts,
  complete: true,
  incomplete: [],
  ended: '',
  sha256: '',
  bytes: 0,
  verdict: { ...verdict, consequences: [] },
};

/** A recording that is told apart by how it ends. */
function around(script: readonly string[], record: (hooks: RecordingHooks) => Promise<Recorded>, hasGoal = true) {
  const first = new AbortController();
  const second = new AbortController();
  const interrupts = { first: first.signal, second: second.signal };
  const context = { cwd: process.cwd(), env: process.env, isOnTerminal: false, interrupts, clock: systemClock };
  const calls: string[] = [];
  const done = recordAround({
    command: script,
    hasGoal,
    context,
    record,
    onStart: () => void calls.push('start'),
    onEnd: () => void calls.push('end'),
  });
  return { done, calls, first, second };
}

/** Resolves with why the recording was stopped, as its `ended`. */
function stopped({ stop }: RecordingHooks): Promise<Recorded> {
  return new Promise((resolve) => {
    const end = () => resolve({ result: { ended: String(stop.reason), goal: 'none', reason: '' }, summary });
    if (stop.aborted) end();
    else stop.addEventListener('abort', end, { once: true });
  });
}

test('the command starts when the recording stands, and the goal waits for its end', async () => {
  const order: string[] = [];
  const { done, calls } = around([process.execPath, '-e', ''], async (hooks) => {
    order.push('recording');
    hooks.onRecording();
    await hooks.after;
    order.push('judged');
    return { result: { ended: 'until:ready', goal: 'met', reason: '' }, summary };
  });
  const { ran } = await done;
  assert.deepEqual(
    [order, calls, ran?.outcome],
    [['recording', 'judged'], ['start', 'end'], { type: 'exited', code: 0 }],
  );
});

test('a recording that breaks lets the command come to its end, and neither hides the other', async () => {
  const { done } = around([process.execPath, '-e', 'setTimeout(() => process.exit(5), 200)'], async (hooks) => {
    hooks.onRecording();
    throw new Error('the disk is full');
  });
  const { ran, recorded } = await done;
  assert.deepEqual(ran?.outcome, { type: 'exited', code: 5 });
  assert.ok(ran.seconds > 0.1, 'its time is its own');
  assert.match('failure' in recorded ? String(recorded.failure) : '', /the disk is full/);
});

test('a recording that breaks before it stands never runs the command', async () => {
  let late: RecordingHooks | undefined;
  const { done, calls } = around([process.execPath, '-e', ''], async (hooks) => {
    late = hooks;
    throw new Error('refused');
  });
  const { ran } = await done;
  late?.onRecording();
  assert.deepEqual([ran, calls], [undefined, []]);
});

test('without a goal the recording ends with the command, and with a command that failed in any case', async () => {
  const record = (hooks: RecordingHooks) => {
    hooks.onRecording();
    return stopped(hooks);
  };
  const endOf = async (code: string, hasGoal: boolean) => {
    const { recorded } = await around([process.execPath, '-e', code], record, hasGoal).done;
    return 'result' in recorded ? recorded.result.ended : '';
  };
  assert.equal(await endOf('', false), 'command');
  assert.equal(await endOf('process.exit(3)', true), 'command failed: 3');
});

test('an interrupt before the command ends the recording; a second one kills a command that does not end', async () => {
  const early = around(['true'], stopped);
  early.first.abort(new Interrupt('SIGTERM'));
  assert.equal((await early.done).ran, undefined);
  const stubborn = around(
    [process.execPath, '-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)'],
    (hooks) => {
      hooks.onRecording();
      return stopped(hooks);
    },
  );
  stubborn.first.abort(new Interrupt('SIGTERM'));
  stubborn.second.abort(new Interrupt('SIGTERM'));
  const { ran, recorded } = await stubborn.done;
  assert.deepEqual(ran?.outcome, { type: 'killed', signal: 'SIGKILL' });
  assert.match('result' in recorded ? recorded.result.ended : '', /interrupted by SIGTERM/);
});
