import type { KubeObject } from '../model/resource.ts';
import type { Timestamp } from '../model/time.ts';
import { conditionOf } from './conditions.ts';
import { type Transition, textAt, timeOf } from './transition.ts';

/** What happened to a pod as a whole. */
export type PodChange = { readonly time: Timestamp | undefined } & (
  | { readonly what: 'scheduled'; readonly node: string }
  /** `from` is empty for the pod's first phase in the story. */
  | { readonly what: 'phase'; readonly from: string; readonly to: string; readonly reason?: string }
  | { readonly what: 'podReady' }
  | { readonly what: 'podUnready'; readonly reason: string; readonly message: string }
  /** By the kubelet, the scheduler, a taint, the eviction API or the garbage collection: `reason` tells. */
  | { readonly what: 'evicted'; readonly reason: string; readonly message: string }
);

export function podChanges(transition: Transition): PodChange[] {
  return [...scheduling(transition), ...readiness(transition), ...eviction(transition), ...phase(transition)];
}

function scheduling({ previous, current }: Transition): PodChange[] {
  const node = textAt(current, 'spec', 'nodeName');
  if (node === undefined || textAt(previous, 'spec', 'nodeName') !== undefined) return [];
  const time = timeOf(conditionOf(current, 'PodScheduled')?.lastTransitionTime);
  return [{ what: 'scheduled', node, time }];
}

function readiness({ previous, current }: Transition): PodChange[] {
  const ready = conditionOf(current, 'Ready');
  const wasReady = previous !== undefined && conditionOf(previous, 'Ready')?.status === 'True';
  if (ready === undefined || (ready.status === 'True') === wasReady) return [];
  const { reason, message } = ready;
  const time = timeOf(ready.lastTransitionTime);
  return [wasReady ? { what: 'podUnready', reason, message, time } : { what: 'podReady', time }];
}

function eviction({ previous, current }: Transition): PodChange[] {
  const eviction = evictionOf(current);
  return eviction === undefined || (previous !== undefined && evictionOf(previous) !== undefined) ? [] : [eviction];
}

/** Since 1.26 whoever evicts a pod says so in a condition; a kubelet always did in `status.reason`. */
function evictionOf(pod: KubeObject): PodChange | undefined {
  const target = conditionOf(pod, 'DisruptionTarget');
  if (target?.status === 'True') {
    const { reason, message, lastTransitionTime } = target;
    return { what: 'evicted', reason, message, time: timeOf(lastTransitionTime) };
  }
  const reason = textAt(pod, 'status', 'reason');
  if (reason !== 'Evicted') return undefined;
  return { what: 'evicted', reason, message: textAt(pod, 'status', 'message') ?? '', time: undefined };
}

function phase({ previous, current }: Transition): PodChange[] {
  const from = textAt(previous, 'status', 'phase') ?? '';
  const to = textAt(current, 'status', 'phase') ?? '';
  if (from === to || to === '') return [];
  const reason = textAt(current, 'status', 'reason');
  return [{ what: 'phase', from, to, time: undefined, ...(reason === undefined ? {} : { reason }) }];
}
