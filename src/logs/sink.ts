import type { Hold } from '../model/gap.ts';
import type { JournalRecord } from '../model/record.ts';
import type { Timestamp } from '../model/time.ts';

/** Where followers put what they read. */
export interface LogSink {
  /** The bytes of log lines hold only during the call. */
  append(record: Extract<JournalRecord, { kind: LogRecordKind }>): void;
  /** Resolves when the disk keeps up; a follower reads on only then. */
  drained(signal: AbortSignal): Promise<void>;
  /** Why lines are held back, while they are: what was not read for it when the capture ends, is missing for that cause. */
  readonly hold?: Hold | undefined;
}

type LogRecordKind = 'streamOpened' | 'log' | 'streamClosed' | 'logEnd' | 'gap' | 'note';

/** What the user asked to leave out or to give up on. */
export interface LogLimits {
  /** Only this many lines from the end of what exists when a log is first opened. */
  readonly tailLines?: number;
  /** Only lines since then. */
  readonly since?: Timestamp;
  /** Milliseconds without progress after which the attempt to read an instance's log ends; undefined: never. */
  readonly timeoutMs?: number;
  /** Where a node does not tell at which size it rotates a file, no smaller one is expected, in bytes; 1 MiB by default. */
  readonly leastRotationBytes?: number;
}

/** How the follower of one instance ended. */
export interface FollowEnd {
  readonly end: 'proven' | 'not proven';
  readonly evidence: string;
  /** node-files only: rotated files that the log was followed through. */
  readonly rotations?: number;
}

/** Follows one container run's log. */
export interface Follower {
  /** Resolves when all that can be had was read, or was given up for a stated reason; rejects only when the signal aborts. */
  run(signal: AbortSignal): Promise<FollowEnd>;
  /** States how far it came when the capture ended before the log did. */
  interrupted(): FollowEnd;
}

/** An open stream, whose whole lines are written down now and then. */
export interface OpenStream {
  flush(): void;
}
