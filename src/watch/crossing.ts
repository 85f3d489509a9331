import type { WatchFrame } from '../kube/client.ts';
import { Branch } from '../model/branch.ts';
import { areOrdered, isNewer } from './resource-version.ts';

/** A watch that began as a streaming list, at the end of its initial events: what follows in it is newer than that. */
export interface Streamed {
  readonly resourceVersion: string;
  readonly frames: AsyncGenerator<WatchFrame>;
}

export interface CrossingOptions {
  /** Where the plain watch begins. */
  readonly resourceVersion: string;
  /** Whether a streaming list is worth its initial events after so many changes; asked until it says so. */
  readonly isDue: (changes: number) => boolean;
  /** Opens the streaming list; undefined where it cannot be had, or brings nothing. Never rejects. */
  readonly open: (signal: AbortSignal) => Promise<Streamed | undefined>;
  /** Of both; that of the streaming list aborts with it, and when the frames are left. */
  readonly signal: AbortSignal;
}

/**
 * The frames of a plain watch that goes over to a streaming list, the only kind of watch that the API server compresses.
 * What happened up to the initial events of that one is told by the plain watch, which is read until it is past them; what
 * it told beyond them is left out of the other. So no change is lost, none comes twice, and their order is kept.
 */
export async function* crossOver(
  plain: AsyncGenerator<WatchFrame>,
  { resourceVersion, isDue, open, signal }: CrossingOptions,
): AsyncGenerator<WatchFrame> {
  let life: Branch | undefined;
  let told = resourceVersion;
  let changes = 0;
  let opening: Promise<void> | undefined;
  let streamed: Streamed | undefined;
  let isPast = false;
  try {
    for await (const frame of plain) {
      const at = positionOf(frame);
      isPast = at !== undefined && streamed !== undefined && isNewer(at, streamed.resourceVersion);
      if (isPast) break; // the other tells it
      yield frame;
      told = at ?? told;
      if (frame.type !== 'BOOKMARK') changes += 1;
      if (opening !== undefined || !isDue(changes)) continue;
      life = new Branch(signal);
      opening = open(life.signal).then((opened) => {
        streamed = opened;
      });
    }
    if (isPast && streamed !== undefined) yield* newerThan(told, streamed.frames);
  } finally {
    life?.abort(LEFT);
    await opening;
    await streamed?.frames.return(undefined);
  }
}

/**
 * Reads a streaming list past its initial events, of which a plain watch tells; `take` is given each, and may throw.
 * undefined where it ends before. It is closed unless it is returned.
 */
export async function pastInitial(
  frames: AsyncGenerator<WatchFrame>,
  take: (frame: WatchFrame) => void,
): Promise<Streamed | undefined> {
  let streamed: Streamed | undefined;
  try {
    for (let next = await frames.next(); next.done !== true; next = await frames.next()) {
      const frame = next.value;
      if (frame.type === 'ERROR') break;
      take(frame);
      if (frame.type !== 'BOOKMARK' || !frame.initialEventsEnd) continue;
      const { resourceVersion } = frame;
      if (areOrdered(resourceVersion)) streamed = { resourceVersion, frames };
      break;
    }
    return streamed;
  } finally {
    if (streamed === undefined) await frames.return(undefined);
  }
}

async function* newerThan(told: string, frames: AsyncGenerator<WatchFrame>): AsyncGenerator<WatchFrame> {
  let isBehind = true;
  for await (const frame of frames) {
    const at = positionOf(frame);
    isBehind &&= at !== undefined && !isNewer(at, told);
    if (!isBehind) yield frame;
  }
}

function positionOf(frame: WatchFrame): string | undefined {
  if (frame.type === 'ERROR') return undefined;
  return frame.type === 'BOOKMARK' ? frame.resourceVersion : frame.object.metadata.resourceVersion;
}

/** One for all watches: an abort without a reason makes an error with a stack trace each time. */
const LEFT = new Error('the watch is over');
