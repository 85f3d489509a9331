import { containerStatusesOf } from '../model/container-statuses.ts';
import { field, numberOf, path, textOf } from '../model/fields.ts';
import type { RecordedObject } from './placement.ts';

/** A few crashes at the start are common while what a container needs comes up; with the kubelet's back-off five take minutes. */
const MOST_RESTARTS = 5;

/**
 * Tells pods that crash again and again from a moment on. Without a readiness probe such a pod is ready at each start, so
 * that neither its readiness nor its Deployment's deadline ever says that it fails.
 */
export class CrashLoops {
  /** Restarts of each container at the beginning, by pod and name: what crashed before may be on its way out. */
  readonly #before = new Map<string, number>();

  constructor(recorded: Iterable<RecordedObject>) {
    for (const { key, restarts } of runsOf(recorded)) this.#before.set(key, restarts);
  }

  /** A container that crashed too often since; undefined where none did. */
  reason(recorded: Iterable<RecordedObject>): string | undefined {
    for (const { key, restarts, name, pod, lastExitCode } of runsOf(recorded)) {
      const since = restarts - (this.#before.get(key) ?? 0);
      if (since >= MOST_RESTARTS && lastExitCode !== 0)
        return `container ${name} of pod ${pod} has crashed ${since} times, last with exit code ${lastExitCode}`;
    }
    return undefined;
  }
}

/** The containers that are to run for ever, of pods that are to stay. */
function* runsOf(recorded: Iterable<RecordedObject>) {
  for (const { resource, object, isDeleted } of recorded) {
    const { uid, name: pod, deletionTimestamp } = object.metadata;
    const isForEver = (textOf(path(object, 'spec', 'restartPolicy')) ?? 'Always') === 'Always';
    if (resource !== 'pods' || isDeleted || deletionTimestamp !== undefined || !isForEver) continue;
    for (const { name, kind, status } of containerStatusesOf(object)) {
      if (kind !== 'regular') continue;
      const restarts = numberOf(field(status, 'restartCount')) ?? 0;
      const lastExitCode = numberOf(path(status, 'lastState', 'terminated', 'exitCode')) ?? 0;
      yield { key: `${uid}/${name}`, name, pod, restarts, lastExitCode };
    }
  }
}
