import assert from 'node:assert/strict';
import type { Story, StoryVerdict } from '../../../src/story/document.ts';
import { startCapture } from '../capture.ts';
import { type Json, type TestNamespace, testNamespace } from '../cluster.ts';

/** A workload that is made for real, and what `faro explain` must say of it. */
export interface VerdictCase {
  readonly name: string;
  readonly targets: readonly string[];
  /** Before the capture begins; what is only made while it runs is waited for. */
  readonly prepare?: (ns: TestNamespace) => Promise<unknown>;
  /** What happens while it is recorded; the capture ends after it. */
  readonly play: (ns: TestNamespace) => Promise<unknown>;
  readonly status: 'healthy' | 'recovered' | 'failed';
  /** The rule of the first cause, and what its first line must hold; nothing where all is well. */
  readonly rule?: string;
  readonly firstLine?: readonly RegExp[];
  /** Rules that must be among the consequences. */
  readonly consequences?: readonly string[];
  /** The rules of what failed as well, and nothing ties to the first cause: these in any order, and no others. */
  readonly unrelated?: readonly string[];
  /** What must be told as having been changed before the first cause. */
  readonly after?: RegExp;
  /** Only for the long form: it takes a cluster of its own, or minutes. */
  readonly isLong?: boolean;
}

/** A verdict must be the right one, and show it by entries of the timeline. */
export function checkVerdict(wanted: VerdictCase, verdict: StoryVerdict): void {
  const { status, firstCause, consequences, unrelated = [], earlier = [] } = verdict;
  const said = JSON.stringify(verdict, null, 1);
  assert.equal(firstCause?.rule, wanted.rule, said);
  assert.equal(status, wanted.status, said);
  for (const pattern of wanted.firstLine ?? []) assert.match(firstCause?.summary ?? '', pattern);
  for (const rule of wanted.consequences ?? [])
    assert.ok(
      consequences.some((one) => one.rule === rule),
      `${rule}: ${said}`,
    );
  assert.deepEqual(unrelated.map(({ rule }) => rule).sort(), (wanted.unrelated ?? []).toSorted(), said);
  if (wanted.after !== undefined) assert.match(firstCause?.after ?? '', wanted.after);
  for (const { evidence } of [firstCause ?? [], consequences, unrelated, earlier].flat())
    assert.ok(evidence.length > 0, said);
  if (wanted.rule === undefined) assert.deepEqual(consequences, []);
}

/** Makes the workload in a namespace of its own and records its story. */
export async function storyOf({ name, targets, prepare, play }: VerdictCase): Promise<Story> {
  await using ns = await testNamespace(name);
  await prepare?.(ns);
  const capture = await startCapture({ kubeconfig: ns.cluster.kubeconfig, namespace: ns.name }, ...targets, '--wait');
  await play(ns);
  return capture.end();
}

interface WaitingJson {
  readonly state: { readonly waiting?: { readonly reason: string } };
}

/** Waits until a container of a pod waits for a reason. */
export function untilWaiting(ns: TestNamespace, reason: RegExp, list = 'containerStatuses'): Promise<Json> {
  return ns.until(`a container waits: ${reason}`, ['pods'], ({ items }) =>
    items.some((item) =>
      // Init containers have a list of their own.
      ((item.status as Record<string, unknown>)[list] as readonly WaitingJson[] | undefined)?.some(({ state }) =>
        reason.test(state.waiting?.reason ?? ''),
      ),
    ),
  );
}

export function untilRestarted(ns: TestNamespace, times: number): Promise<Json> {
  return ns.until(`a container is restarted ${times} times`, ['pods'], ({ items }) =>
    items.some(({ status }) => status.containerStatuses?.some(({ restartCount }) => restartCount >= times)),
  );
}

export function untilReady(ns: TestNamespace, name: string, replicas = 1): Promise<Json> {
  return ns.until(
    `${name} is ready`,
    [name],
    ({ metadata, status }) =>
      status.observedGeneration === metadata.generation &&
      status.readyReplicas === replicas &&
      status.updatedReplicas === replicas &&
      (status.replicas ?? 0) === replicas,
  );
}

/** Waits until a condition of something holds, or has a reason. */
export function untilCondition(ns: TestNamespace, name: string, type: string, reason?: string): Promise<Json> {
  return ns.until(`${name}: ${type} ${reason ?? ''}`, [name], ({ status }) =>
    ((status.conditions as readonly { type: string; status: string; reason?: string }[] | undefined) ?? []).some(
      (condition) =>
        condition.type === type && (reason === undefined ? condition.status === 'True' : condition.reason === reason),
    ),
  );
}

/** Waits until an Event of a reason has come this many times, and says in its message what it must. */
export function untilEvent(ns: TestNamespace, reason: string, message: RegExp, times = 1): Promise<Json> {
  return ns.until(`Event ${reason}`, ['events'], ({ items }) =>
    (items as readonly unknown[] as readonly { reason: string; message: string; count?: number }[]).some(
      (event) => event.reason === reason && message.test(event.message) && (event.count ?? 1) >= times,
    ),
  );
}
