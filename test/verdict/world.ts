import type { ObjectAction } from '../../src/model/action.ts';
import type { KubeObject } from '../../src/model/resource.ts';
import { timestampOf } from '../../src/model/time.ts';
import type { RunIdentity } from '../../src/verdict/facts.ts';
import { FactsGatherer } from '../../src/verdict/gather.ts';
import { type Verdict, verdictOf } from '../../src/verdict/verdict.ts';

const START = Date.parse('2026-11-23T12:00:00Z');

/** `at(5)` is five seconds after the start of the story. */
export function at(second: number): string {
  return timestampOf(START + second * 1000);
}

interface Entry {
  readonly second: number;
  readonly tell: (gatherer: FactsGatherer<string>, moment: { seq: number; time: string }) => void;
}

interface Made {
  readonly kind: string;
  readonly name: string;
  readonly owner?: number;
  readonly apiVersion?: string;
}

/** A story told by hand: objects, runs, and what happens to them by the second. */
export class World {
  readonly #objects: Made[] = [];
  readonly #runs: RunIdentity[] = [];
  readonly #entries: Entry[] = [];
  readonly #known = new Set<number>();
  #events = 0;

  object(kind: string, name: string, options: { owner?: number; apiVersion?: string } = {}): number {
    return this.#objects.push({ kind, name, ...options }) - 1;
  }

  state(
    second: number,
    object: number,
    more: { readonly metadata?: object; readonly [field: string]: unknown },
    action?: ObjectAction,
  ): void {
    const { kind, name, apiVersion = 'v1' } = this.#objects[object] ?? { kind: '', name: '' };
    const { metadata = {}, ...rest } = more;
    const about = { name, namespace: 'shop', uid: name, resourceVersion: '1', ...metadata };
    const state: KubeObject = { apiVersion, kind, metadata: about, ...rest };
    const first = second <= 0 ? 'found' : 'created';
    const what = action ?? (this.#known.has(object) ? 'changed' : first);
    this.#known.add(object);
    this.#tell(second, (gatherer, moment) =>
      gatherer.state(moment, { object, action: what, manager: 'kubectl', state }),
    );
  }

  event(
    second: number,
    object: number,
    event: { reason: string; message: string; count?: number; uid?: string },
  ): void {
    this.#events += 1;
    const { uid = `event-${this.#events}`, count = 1, reason, message } = event;
    const { kind, name } = this.#objects[object] ?? { kind: '', name: '' };
    const told = { object, about: { kind, name }, reason, eventType: 'Warning', count, message, event: uid };
    this.#tell(second, (gatherer, moment) => gatherer.event(moment, told));
  }

  /** A run of a container, from one second to another, with its last lines. */
  run(
    pod: number,
    name: string,
    run: {
      from: number;
      to?: number;
      exitCode?: number;
      reason?: string;
      lines?: readonly string[];
      kind?: 'init' | 'sidecar';
      containerID?: string;
    },
  ): void {
    const restart = this.#runs.filter((known) => known.object === pod && known.name === name).length;
    const { kind = 'regular', containerID } = run;
    const container = this.#runs.push({ object: pod, name, kind, restart, containerID }) - 1;
    this.#tell(run.from, (gatherer, moment) => gatherer.lifecycle(moment, { object: pod, what: 'started', container }));
    const { to, exitCode = 0, reason = 'Error' } = run;
    if (to === undefined) return;
    for (const line of run.lines ?? []) this.#tell(to, (gatherer, { seq }) => gatherer.line(container, seq, line));
    this.#tell(to, (gatherer, moment) =>
      gatherer.lifecycle(moment, { object: pod, what: 'terminated', container, exitCode, reason }),
    );
  }

  verdict(options: { roots?: readonly number[]; end?: number; ended?: string } = {}): Verdict {
    const { roots = [0], end = 120, ended = 'interrupted' } = options;
    const objects = this.#objects.map(({ kind, name, owner, apiVersion = 'v1' }) => {
      return { kind, name, apiVersion, namespace: 'shop', owners: owner === undefined ? [] : [owner] };
    });
    const about = { startTime: at(0), endTime: at(end), ended, roots, objects, containers: this.#runs };
    const gatherer = new FactsGatherer<string>(about, (line) => line);
    const entries = this.#entries.toSorted((a, b) => a.second - b.second);
    for (const [seq, { second, tell }] of entries.entries()) tell(gatherer, { seq, time: at(second) });
    return verdictOf(gatherer.finish());
  }

  #tell(second: number, tell: Entry['tell']): void {
    this.#entries.push({ second, tell });
  }
}

/** A Deployment with a ReplicaSet that is as ready as it is told, and pods below. */
export function deployment(
  world: World,
  name: string,
  options: { ready: number; wanted: number; at?: number },
): { deployment: number; replicaSet: number } {
  const { ready, wanted, at: second = 0 } = options;
  const index = world.object('Deployment', name, { apiVersion: 'apps/v1' });
  const replicaSet = world.object('ReplicaSet', `${name}-5d7`, { owner: index, apiVersion: 'apps/v1' });
  const counts = {
    observedGeneration: 1,
    replicas: wanted,
    updatedReplicas: wanted,
    readyReplicas: ready,
    availableReplicas: ready,
  };
  world.state(second, index, {
    metadata: { generation: 1 },
    spec: { replicas: wanted, template: { spec: {} } },
    status: counts,
  });
  return { deployment: index, replicaSet };
}

/** The state of a pod: its readiness, and what its containers wait for. */
export function podState(
  more: {
    ready?: boolean;
    waits?: Readonly<Record<string, string>>;
    spec?: object;
    status?: object;
    metadata?: object;
  } = {},
): Record<string, unknown> {
  const { ready = false, waits = {}, spec = {}, status = {}, metadata = {} } = more;
  const containerStatuses = Object.entries(waits).map(([name, reason]) => ({
    name,
    restartCount: 0,
    state: { waiting: { reason, message: `told: ${reason}` } },
  }));
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False', reason: '' }];
  return {
    metadata,
    spec: { containers: [], ...spec },
    status: { phase: 'Running', conditions, containerStatuses, ...status },
  };
}
