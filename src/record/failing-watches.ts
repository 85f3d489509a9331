import { groupResourceOf, type ResourceType } from '../model/resource.ts';
import type { Clock } from '../model/time.ts';
import { IdleError } from '../watch/idle.ts';
import type { RecordLog } from './record-log.ts';

/** Watches that fail within so long of each other fail for one reason, e.g. a restart of the API server: it is told once. */
const SAME_TROUBLE_MS = 60_000;

export interface FailingWatchesOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly note: (text: string) => void;
  readonly log: RecordLog;
}

/** Says of watches that fail, each failure in the log, and what they have in common in the story. */
export class FailingWatches {
  readonly #options: FailingWatchesOptions;
  /** Types. */
  readonly #known = new Set<string>();
  /** When a watch failed that had not before, in milliseconds. */
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(options: FailingWatchesOptions) {
    this.#options = options;
  }

  failing(type: ResourceType, error: Error): void {
    const { clock, note, log } = this.#options;
    const storage = groupResourceOf(type);
    const said = { resource: storage, error: error.message };
    // Quiet Events sound like a dead connection: nothing tells that their watch is alive. If it was dead, the next one says so.
    if (error instanceof IdleError) {
      log.info(said, 'silent watch, will be opened anew');
      return;
    }
    log.warn(said, 'watch failing, will be tried again');
    if (this.#known.has(storage)) return;
    this.#known.add(storage);
    const isSameTrouble = clock.now() - this.#failedAt < SAME_TROUBLE_MS;
    this.#failedAt = clock.now();
    if (!isSameTrouble)
      note(`watches failed and are tried again, the first of them that of ${storage}: ${error.message}`);
  }
}
