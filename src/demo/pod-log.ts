import type { Branch } from '../model/branch.ts';
import { FaroError } from '../model/errors.ts';
import { type Clock, parseTimestamp, wholeSecondOf } from '../model/time.ts';
import type { ContainerLog } from './container-log.ts';
import type { FileRecord, LogFile } from './log-file.ts';

export interface PodLogOptions {
  readonly follow: boolean;
  readonly sinceTime: string | undefined;
  readonly tailLines: number | undefined;
  /** Milliseconds after which a followed log ends. */
  readonly limitMs?: number | undefined;
  /** Fails where it is ended before the log is. */
  readonly breaksOff?: boolean;
}

/** The kubelet ends a followed log after four hours. */
const STREAM_LIMIT_MS = 4 * 3_600_000;
/** So many records at most go out at once: who reads slowly holds the kubelet back. */
const RECORDS_AT_ONCE = 200;

/**
 * A container's log as the kubelet's `ReadLogs` sends it, with the ways in which that loses lines: it opens only the
 * current file; a file that appears anew is opened at once, whatever the old one still got; before the first end of the
 * file nobody watches for a new one; of several that came meanwhile only the newest is read; and one that came just
 * before the container ended is never opened. Ends when `over` aborts: the kubelet stops, or the client has gone; a
 * followed log after its time limit, too.
 */
export async function* readPodLog(
  log: ContainerLog,
  { follow, limitMs = STREAM_LIMIT_MS, breaksOff = false, ...position }: PodLogOptions,
  { clock, over }: { readonly clock: Clock; readonly over: Branch },
): AsyncGenerator<Buffer> {
  const { signal } = over;
  if (follow) endAfter(clock, limitMs, over);
  let file = log.file;
  let next = startOf(file, position);
  let watched: number | undefined;
  let isLineStart = true;
  for (let isLastPass = !follow; !signal.aborted; ) {
    while (next < file.records.length && !signal.aborted) {
      const records = file.records.slice(next, next + RECORDS_AT_ONCE);
      next += records.length;
      yield shown(records, isLineStart);
      isLineStart = records.at(-1)?.isPartial === false;
    }
    if (isLastPass) return;
    if (watched === undefined) {
      watched = log.generation;
      continue; // once more, for what came before the watch began
    }
    if (log.isEnded) isLastPass = true;
    else if (log.generation > watched) {
      watched = log.generation;
      file = log.file;
      next = startOf(file, { sinceTime: position.sinceTime, tailLines: undefined });
    } else await log.changed(signal);
  }
  if (breaksOff) throw new FaroError('unreachable', 'the way to the kubelet broke (simulated)');
}

function startOf(file: LogFile, { sinceTime, tailLines }: Pick<PodLogOptions, 'sinceTime' | 'tailLines'>): number {
  if (tailLines !== undefined) return Math.max(0, file.records.length - tailLines);
  const since = sinceTime === undefined ? undefined : parseTimestamp(sinceTime);
  if (since === undefined) return 0;
  const second = wholeSecondOf(since); // the API server cuts it to whole seconds
  const at = file.records.findIndex(({ time }) => wholeSecondOf(time) >= second);
  return at === -1 ? file.records.length : at;
}

/** A time stands only where a line begins; the parts of one are joined. */
function shown(records: readonly FileRecord[], isLineStart: boolean): Buffer {
  const parts: Buffer[] = [];
  let isStart = isLineStart;
  for (const { time, content, isPartial } of records) {
    if (isStart) parts.push(Buffer.from(`${time} `));
    parts.push(content);
    if (!isPartial) parts.push(NEWLINE);
    isStart = !isPartial;
  }
  return Buffer.concat(parts);
}

const NEWLINE = Buffer.from('\n');

function endAfter(clock: Clock, ms: number, over: Branch): void {
  void clock.sleep(ms, over.signal).then(
    () => over.abort(LIMIT),
    () => undefined, // it was over before
  );
}

const LIMIT = new Error('the time limit of a followed log');
