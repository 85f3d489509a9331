import type { ObjectAction } from './action.ts';
import type { Gap } from './gap.ts';
import type { ContainerInstance } from './instance.ts';
import type { KubeObject } from './resource.ts';
import type { Timestamp } from './time.ts';
import type { DoubtedRecord, UnkeptRecord, WatchedRecord } from './watch-records.ts';

/** A root as the user named it, its type resolved. */
export interface Root {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  /** null for a cluster-scoped root. */
  readonly namespace: string | null;
  readonly name: string;
}

/** The first record of every journal. */
export interface StartRecord {
  readonly kind: 'start';
  /** The capture's correlation id (UUIDv7). */
  readonly id: string;
  /** `faro 0.1.0`. */
  readonly generator: string;
  readonly time: Timestamp;
  readonly cluster: { readonly version: string; readonly uid: string | null; readonly server: string };
  readonly roots: readonly Root[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** One whole, redacted state of an object, in the order of its arrival. */
export interface ObjectRecord {
  readonly kind: 'object';
  readonly observed: Timestamp;
  readonly action: ObjectAction;
  /** Plural resource name; group and version stand in `object.apiVersion`. */
  readonly resource: string;
  readonly object: KubeObject;
  /** How many values of it were redacted. */
  readonly redactions: number;
  /** The same by what they were: `variable`, `annotation`, … */
  readonly redacted?: Readonly<Record<string, number>>;
}

/** One state of a Kubernetes Event (core/v1 or events.k8s.io/v1), whole; an update of its count is a record of its own. */
export interface EventRecord {
  readonly kind: 'event';
  readonly observed: Timestamp;
  readonly action: ObjectAction;
  readonly object: KubeObject;
  readonly redactions: number;
  readonly redacted?: Readonly<Record<string, number>>;
}

/** What a related object does to the one that it explains: a Service `selects` a Pod, a Node `runs` it. */
export type RelationHow =
  | 'selects' // Service, PodDisruptionBudget: a Pod
  | 'endpointsOf' // EndpointSlice: a Service
  | 'scales' // HorizontalPodAutoscaler: its target
  | 'usedBy' // ConfigMap, Secret, PersistentVolumeClaim, ServiceAccount: a Pod, or a root's template of Pods
  | 'boundTo' // PersistentVolume: a PersistentVolumeClaim
  | 'attaches' // VolumeAttachment: a PersistentVolume
  | 'runs' // Node: a Pod
  | 'contains' // Namespace: a root
  | 'limits'; // ResourceQuota, LimitRange: a root

/** An object outside of the story explains one in it (or one that explains another). It is in the story from now on. */
export interface RelationRecord {
  readonly kind: 'relation';
  readonly observed: Timestamp;
  /** UID of the object that explains. */
  readonly of: string;
  readonly how: RelationHow;
  /** UID of the object that is explained. */
  readonly to: string;
}

/** Which way log lines came. */
export type LogRoute = 'stream' | 'node-files';

/** How far a log was read in the node's files: behind its last record that was taken, which a hash tells again. */
export interface FilePosition {
  /** The name that the file had then. */
  readonly file: string;
  /** Where the record ends. */
  readonly offset: number;
  /** Bytes of the record, its newline included. */
  readonly length: number;
  /** Of the record, in base64. */
  readonly sha256: string;
  /** The greatest time up to there. */
  readonly last: Timestamp;
  /** Lines that were begun and go on behind it. */
  readonly open?: { readonly stdout?: BegunLine; readonly stderr?: BegunLine };
}

/** A line that is begun and not ended: its time is that of its first record. */
export interface BegunLine {
  readonly time: Timestamp;
  /** Of its content so far. */
  readonly bytes: number;
}

/** A log source was opened for an instance; blocks name it by `stream`. */
export interface StreamOpenedRecord {
  readonly kind: 'streamOpened';
  readonly observed: Timestamp;
  /** Unique in the capture, ascending. */
  readonly stream: number;
  readonly instance: ContainerInstance;
  readonly route: LogRoute;
  /** 0 at first, then the how-many-eth reconnect of the same instance this is. */
  readonly attempt: number;
  /** Lines that were asked for by `--tail` or `--since` only: the log's beginning was not wanted. */
  readonly limited: boolean;
  /** A stream beside the node's files: its lines stand once they were found there, which closes it. */
  readonly beside?: true;
}

/** One of the parts in which a line came that is too long to be held. */
export interface LinePart {
  /** 0 for the first one. */
  readonly index: number;
  readonly isLast: boolean;
}

/** What was taken out of lines before they were written down; as their content it counts in the block that a line ends in. */
export interface LineRedactions {
  /** Markers, `[redacted:NAME]`, by name. */
  readonly markers: Readonly<Record<string, number>>;
}

/**
 * Whole log lines as raw bytes, exactly as the route delivered them (but for credentials, see `redactions`):
 * - `timestamped`: `TIME CONTENT\n` a line (pod log API with timestamps=true);
 * - `cri`: `TIME STREAM TAG CONTENT\n` a record (a node's log file; TAG `P` marks a partial line that the next one continues).
 * TIME is RFC 3339 with up to nine digits. A `timestamped` line of more than a MiB comes in parts, see `part`. The last line of a block ends in `\n` too; where its source had none, `unterminated` is true.
 */
export interface LogRecord {
  readonly kind: 'log';
  readonly observed: Timestamp;
  readonly stream: number;
  readonly format: 'timestamped' | 'cri';
  readonly lines: number;
  /** Bytes of the lines' content alone, without times, tags and newlines. */
  readonly contentBytes: number;
  /** Smallest and greatest TIME in the block. */
  readonly first: Timestamp;
  readonly last: Timestamp;
  /** node-files only: the file that the block came from and the offset of its first byte. */
  readonly file: string | null;
  readonly offset: number;
  /** node-files only: where the reading goes on behind the block. */
  readonly position?: FilePosition;
  readonly unterminated: boolean;
  /** node-files only: what stood between is missing, so that no line that was begun in a block before goes on in this one. */
  readonly anew?: true;
  /**
   * The block is one part of a line, `TIME CONTENT\n` with the line's own TIME; it counts as one line, with all of its
   * content, where it is the last. A line whose parts are not all there, one after the other, did not end: where its stream
   * was opened again it came once more, from its beginning.
   */
  readonly part?: LinePart;
  /** Absent where nothing was taken out. Content, its length and `bytes` are what is left then. */
  readonly redactions?: LineRedactions;
  readonly bytes: Buffer;
  /** Where something was taken out: what `bytes` consists of, in order. Whoever only writes it down need not put it together. */
  readonly pieces?: readonly Buffer[];
}

/**
 * A log source has ended. `boundTo` says whose lines they proved to be: an instance, or null where another stream holds
 * the same lines. A later record of the same stream corrects an earlier one.
 */
export interface StreamClosedRecord {
  readonly kind: 'streamClosed';
  readonly observed: Timestamp;
  readonly stream: number;
  readonly boundTo: ContainerInstance | null;
  /** Lines received again after a reconnect and not journalled a second time. */
  readonly repeatsRemoved: number;
  readonly reason: string;
  /** Where in the node's files its lines were found to end. */
  readonly position?: FilePosition;
}

/** All that can be had of an instance's log was read, or the attempt ended. Written once an instance, last. */
export interface LogEndRecord {
  readonly kind: 'logEnd';
  readonly observed: Timestamp;
  readonly instance: ContainerInstance;
  /** `proven` only if no line can be missing between the first and the last. */
  readonly end: 'proven' | 'not proven';
  readonly evidence: string;
  /** node-files only: how many rotated files the log was followed through. */
  readonly rotations?: number;
  /** The capture ended before the log did: one that is resumed reads on, and tells another end. */
  readonly goesOn?: true;
}

export interface GapRecord {
  readonly kind: 'gap';
  readonly observed: Timestamp;
  readonly gap: Gap;
  /** It was told before, and nothing of it is missing: the node's files held all of that log. */
  readonly isWithdrawn?: true;
}

/** Something a reader of the story should know, in a sentence. */
export interface NoteRecord {
  readonly kind: 'note';
  readonly observed: Timestamp;
  readonly text: string;
}

/** The recorder had been killed, and another one goes on from here. What lies between is fetched, or a gap. */
export interface ResumeRecord {
  readonly kind: 'resume';
  readonly time: Timestamp;
  /** The last moment that the journal told of. */
  readonly after: Timestamp;
  readonly generator: string;
}

/** The last record of a journal whose capture ended by itself. */
export interface EndRecord {
  readonly kind: 'end';
  readonly time: Timestamp;
  /** `until:ready`, `for`, `interrupted`, `timeout`, `until:ready failed`, … */
  readonly ended: string;
}

/** Everything that goes to the journal. A new kind fails to compile where it is not handled. */
export type JournalRecord =
  | StartRecord
  | ObjectRecord
  | EventRecord
  | RelationRecord
  | StreamOpenedRecord
  | LogRecord
  | StreamClosedRecord
  | LogEndRecord
  | GapRecord
  | NoteRecord
  | WatchedRecord
  | UnkeptRecord
  | DoubtedRecord
  | ResumeRecord
  | EndRecord;
