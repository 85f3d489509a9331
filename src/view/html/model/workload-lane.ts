import { numberOf, path } from '../../../model/fields.ts';
import { type LifecycleEntry, text } from './pod-lane.ts';
import { SpanWriter } from './spans.ts';

/** Rollouts and Jobs as spans, scaling as marks, ready replicas as steps. */
export class WorkloadLane extends SpanWriter {
  #rollouts = 0;

  take(entry: LifecycleEntry, at: number): void {
    const { seq } = entry;
    switch (entry.what) {
      case 'rolloutBegun':
        this.close(at, this.isOpen('rollout') ? { tone: 'overtaken', text: 'rollout, overtaken by the next' } : {});
        this.#rollouts += 1;
        this.begin({ at, seq, tone: 'rollout', text: 'rollout' });
        return;
      case 'rolloutFinished':
        this.close(at, this.isOpen('rollout') ? { tone: 'ready', text: 'rollout, finished' } : {});
        return;
      case 'rolloutFailed':
        this.begin({ at, seq, tone: 'failed', text: 'rollout failed' });
        return;
      case 'jobStarted':
        this.begin({ at, seq, tone: 'running', text: 'Job' });
        return;
      case 'jobComplete':
        this.close(at, { tone: 'done', text: 'Job, complete' });
        return;
      case 'jobFailed':
        this.close(at, { tone: 'failed', text: 'Job, failed' });
        this.mark({ at, seq, tone: 'crashed', text: `Job failed: ${text(entry.message)}` });
        return;
      case 'scaled':
        this.mark({ at, seq, tone: 'change', text: `scaled from ${Number(entry.from)} to ${Number(entry.to)}` });
        return;
      case 'deleted':
        this.close(at);
        return;
      default:
    }
  }

  /** A state of the object. */
  takeState(state: unknown, at: number): void {
    const ready =
      numberOf(path(state, 'status', 'readyReplicas')) ?? numberOf(path(state, 'status', 'numberReady')) ?? 0;
    const wanted =
      numberOf(path(state, 'spec', 'replicas')) ?? numberOf(path(state, 'status', 'desiredNumberScheduled')) ?? 0;
    const last = this.steps.at(-1);
    if (last?.ready !== ready || last.wanted !== wanted) this.steps.push({ at, ready, wanted });
  }
}
