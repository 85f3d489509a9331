import type { ApiError } from '../kube/error.ts';
import { groupResourceOf } from '../model/resource.ts';
import type { Timestamp } from '../model/time.ts';
import type { RecordLog } from './record-log.ts';
import { placeKey, type WatchedPlace } from './testimony.ts';

/** What may not be read, or is not served. */
export interface Refusal {
  /** Empty where the type is not served. */
  readonly storage: string;
  readonly namespace: string | null;
  /** When it was last heard of. */
  readonly since: Timestamp;
  readonly error: ApiError;
  /** Without it the story lacks what its reader came for; else the refusal is a note. */
  readonly isGap: boolean;
}

export interface RefusalsOptions {
  /** Whether objects of the story are missing where a whole type may not be read. */
  readonly isMissed: (storage: string) => boolean;
  readonly gap: (refusal: Refusal, open: { readonly isOpen?: true }) => void;
  readonly note: (text: string) => void;
  readonly log: RecordLog;
}

/** What the user may not read at the moment, each from when it was last heard of until it is listed. */
export class Refusals {
  readonly #options: RefusalsOptions;
  readonly #refused = new Map<string, Refusal>();
  #isSynced = false;

  constructor(options: RefusalsOptions) {
    this.#options = options;
  }

  denied(place: WatchedPlace, error: ApiError, since: Timestamp): void {
    const { isMissed, gap, note, log } = this.#options;
    const { type, namespace, name } = place;
    const storage = groupResourceOf(type);
    const isMissing = error.code === 'not-found';
    const known = this.#refused.get(placeKey(place));
    // Of a type that is refused and then not served no more is to be said; but of one that is served again, and refused.
    if (known !== undefined && (isMissing || known.storage !== '')) return;
    const isGap = !isMissing && (name !== undefined || isMissed(storage));
    const refusal = { storage: isMissing ? '' : storage, namespace, since, error, isGap };
    const isTold = isGap && this.#isOpen(refusal);
    this.#refused.set(placeKey(place), refusal);
    log.warn({ resource: storage, namespace, status: error.status }, 'not readable');
    if (isMissing) note(`the server does not serve ${storage}${this.#isSynced ? ' any more' : ''}; it is asked again`);
    else if (isGap && !isTold) gap(refusal, { isOpen: true });
    else if (!isGap && this.#isSynced) note(`${storage} can no longer be read: ${error.message}`);
  }

  /** Whether a gap is open of it. */
  isRefused(place: WatchedPlace): boolean {
    return this.#refused.get(placeKey(place))?.isGap === true;
  }

  /** It was listed, which ends its gap; returns whether there was one. */
  readable(place: WatchedPlace): boolean {
    const refusal = this.#refused.get(placeKey(place));
    if (refusal === undefined) return false;
    this.#refused.delete(placeKey(place));
    const { isGap } = refusal;
    if (isGap && !this.#isOpen(refusal)) this.#options.gap(refusal, {});
    this.#options.note(`${groupResourceOf(place.type)} can be read now`);
    return isGap;
  }

  /** Every first list was answered: what was refused is stated in one sentence. Returns how many types were. */
  synced(): number {
    this.#isSynced = true;
    const refused = [...this.#refused.values()].map(({ storage }) => storage);
    const storages = [...new Set(refused)].filter((storage) => storage !== '').sort();
    if (storages.length > 0)
      this.#options.note(
        `not readable by this user, so that objects of these types are missing: ${storages.join(', ')}`,
      );
    return storages.length;
  }

  /** Whether the gap of a refusal is that of another one, too: of a whole type, or an object of it that is watched by itself. */
  #isOpen({ storage, namespace, since }: Refusal): boolean {
    return [...this.#refused.values()].some(
      (other) => other.isGap && other.storage === storage && other.namespace === namespace && other.since === since,
    );
  }
}
