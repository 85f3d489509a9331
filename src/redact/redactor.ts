import type { JournalRecord } from '../model/record.ts';
import { groupOf, type KubeObject, type ManagedFields } from '../model/resource.ts';
import { withoutDepths } from './depth.ts';
import type { CredentialPattern } from './log-lines.ts';
import { ObjectPass } from './object-pass.ts';
import { RecordPass } from './record-pass.ts';

/** Takes out what must not be written down. */
export interface Redactor {
  /**
   * A copy where something was taken out; the object itself is never changed. Fields that are as they were written down
   * of the state before are taken from that: they need no second look, and no second place in memory.
   */
  object(object: KubeObject, before?: KubeObject): RedactedObject;
  /** A record on its way to the journal, without the credentials in its log lines and texts. To be called in order. */
  record(record: JournalRecord): JournalRecord;
}

export interface RedactedObject {
  readonly object: KubeObject;
  /** How many values were taken out. */
  readonly redactions: number;
  /** The same by what they were; absent where there was none. */
  readonly redacted?: Readonly<Record<string, number>>;
}

export interface RedactorOptions {
  /** The story's own key: equal values get equal hashes within a story, so that a change shows, and in no other. */
  readonly key: Buffer;
  /** False keeps values that look like credentials; Secrets and ConfigMaps stay out all the same. */
  readonly enabled: boolean;
  /** Keep managedFields whole. */
  readonly managedFields: boolean;
  /** What is taken out of texts and lines beside the patterns that are built in. */
  readonly patterns?: readonly CredentialPattern[];
}

export function createRedactor({ key, enabled, managedFields, patterns = [] }: RedactorOptions): Redactor {
  const records = enabled ? new RecordPass(patterns) : undefined;
  return {
    object(object, before) {
      const known = isMetadataOnly(object) ? metadataOf(object) : object;
      const slim = managedFields ? known : withoutFieldSets(known);
      const removed = known === object ? 0 : removals(object);
      const pass = new ObjectPass(key, patterns);
      if (removed > 0) pass.count('data', removed);
      return { object: enabled ? pass.object(slim, before) : withoutDepths(slim), ...pass.counts };
    },
    record: (record) => records?.take(record) ?? record,
  };
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** They are read as metadata only; should more ever come, it ends here. */
function isMetadataOnly({ apiVersion, kind }: KubeObject): boolean {
  return (kind === 'Secret' || kind === 'ConfigMap') && groupOf(apiVersion) === '';
}

function metadataOf({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  if (metadata.annotations?.[LAST_APPLIED] === undefined) return { apiVersion, kind, metadata };
  const { [LAST_APPLIED]: _, ...annotations } = metadata.annotations;
  return { apiVersion, kind, metadata: { ...metadata, annotations } };
}

/** How many things a Secret or ConfigMap lost: its last applied state, and each value. */
function removals(object: KubeObject): number {
  const values = [object.data, object.stringData, object.binaryData].flatMap((data) =>
    typeof data === 'object' && data !== null ? Object.keys(data) : [],
  );
  return values.length + (object.metadata.annotations?.[LAST_APPLIED] === undefined ? 0 : 1);
}

/** Of managedFields only who wrote, how and when is kept. */
function withoutFieldSets(object: KubeObject): KubeObject {
  const { managedFields } = object.metadata;
  if (managedFields === undefined) return object;
  return { ...object, metadata: { ...object.metadata, managedFields: managedFields.map(withoutFieldSet) } };
}

function withoutFieldSet({ manager, operation, subresource, time }: ManagedFields): ManagedFields {
  return {
    ...(manager === undefined ? {} : { manager }),
    ...(operation === undefined ? {} : { operation }),
    ...(subresource === undefined ? {} : { subresource }),
    ...(time === undefined ? {} : { time }),
  };
}
