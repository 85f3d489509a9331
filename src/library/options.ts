import type { ConnectionOptions } from '../kube/connection.ts';
import type { LogRouteChoice } from '../logs/route-chooser.ts';
import type { Goal } from '../record/goal.ts';
import type { RecordLog } from '../record/record-log.ts';

/** How to find the server and the user: all optional, named as kubectl names its flags. */
export type RecorderConnection = Partial<Omit<ConnectionOptions, 'clock' | 'interactive' | 'namespace'>>;

/** What a program asks of a recorder. Times are in milliseconds. */
export interface RecorderOptions {
  /** `TYPE/NAME`, e.g. `deployment/web`, `jobs.batch/migrate`. */
  readonly targets: readonly string[];
  /** Of the targets; default: the context's. */
  readonly namespace?: string;
  /** Default: `$KUBECONFIG`, then `~/.kube/config`, then the pod's own service account. */
  readonly connection?: RecorderConnection;
  /** The story to write: `.json`, `.json.gz` or `.json.zst`. Without it only the journal is written. */
  readonly output?: string;
  /** The folder to record to; default: beside the output. With an output it is removed at the end, unless `keepJournal`. */
  readonly journal?: string;
  readonly keepJournal?: boolean;
  /** On a full disk, longest wait for room; then the recording ends as `disk-full`. Default 600,000. */
  readonly diskWaitMs?: number;
  /** Greatest size of the journal, at least 8 MiB: the busiest logs give way first; in the end it ends as `journal-full`. Default: none. */
  readonly maxJournalBytes?: number;
  /**
   * Where there is the journal of a recorder that was killed, go on with it, as one story; otherwise begin anew. The other
   * options are to be the same as its own were. Default: a journal that is there is refused.
   */
  readonly resume?: boolean;
  /** Overwrite an existing story. */
  readonly force?: boolean;
  /** Targets, and their types, may not exist yet. */
  readonly wait?: boolean;
  /** End when every target is there; with a `timeoutMs` the goal can fail. */
  readonly until?: Goal;
  readonly timeoutMs?: number;
  /** The goal must still hold after this long, which is recorded, too; default 5000. */
  readonly settleMs?: number;
  /** End after this long; a goal that is not met by then has failed. */
  readonly forMs?: number;
  /** At the end, longest wait for the logs of containers that have ended; default 30,000. */
  readonly drainMs?: number;
  /** false leaves logs out. */
  readonly logs?: boolean;
  /** How logs are read; `auto`, the default, takes the nodes' log files where the user may read them. */
  readonly logRoute?: LogRouteChoice;
  /** Logs read at once; default 500. */
  readonly maxLogStreams?: number;
  /** false leaves out what explains the targets without being theirs: Nodes, Services, ConfigMaps' metadata, … */
  readonly related?: boolean;
  /** false keeps values that look like credentials. */
  readonly redact?: boolean;
  /** `NAME=REGEX` (RE2): taken out of texts and log lines beside what is built in. */
  readonly redactPatterns?: readonly string[];
  readonly managedFields?: boolean;
  /** ed25519 private key in PEM: signs the story. */
  readonly signKey?: string;
  /** Hears what the recorder has to say; default: nobody. */
  readonly log?: RecordLog;
}
