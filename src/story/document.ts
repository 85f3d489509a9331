import * as z from 'zod';

/** The story document, `faro/v1`. Readers ignore fields that they do not know. */

const timestamp = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
const index = z.int().nonnegative();
const timeSource = z.enum(['log', 'event', 'managedFields', 'status', 'observed']);

const root = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  namespace: z.string().nullable(),
  name: z.string(),
  /** Indexes of the objects that bore this name, in order. */
  objects: z.array(index),
});

const counts = z.looseObject({
  objects: index,
  containers: index,
  entries: index,
  logLines: index,
  events: index,
  gaps: index,
  redactions: index,
});

const metadata = z.looseObject({
  id: z.uuid(),
  generator: z.string(),
  cluster: z.looseObject({ version: z.string(), uid: z.string().nullable(), server: z.string() }),
  roots: z.array(root),
  startTime: timestamp,
  endTime: timestamp,
  ended: z.string(),
  /** Where the recorder was killed and another one went on: nobody recorded between these times. */
  resumed: z.array(z.looseObject({ after: timestamp, time: timestamp })).optional(),
  complete: z.boolean(),
  incomplete: z.array(z.string()),
  counts,
  /** What was taken out, by what it was: of states of objects, of Events, of log lines. */
  redactions: z
    .looseObject({
      objects: z.record(z.string(), index),
      events: z.record(z.string(), index),
      logs: z.record(z.string(), index),
    })
    .optional(),
  options: z.record(z.string(), z.unknown()),
});

const relation = z.looseObject({
  how: z.enum(['selects', 'endpointsOf', 'scales', 'usedBy', 'boundTo', 'attaches', 'runs', 'contains', 'limits']),
  /** Indexes of the objects that it explains. */
  to: z.array(index),
});

const storyObject = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  resource: z.string(),
  namespace: z.string().nullable(),
  name: z.string(),
  uid: z.string(),
  /** Indexes of the roots that it belongs to, or explains. */
  roots: z.array(index),
  /** Indexes of its owners that are in the story. */
  owners: z.array(index),
  /** Set where it is not owned by the story but explains it: what it does to which objects. */
  related: z.array(relation).optional(),
  lineage: z.string(),
  replaces: index.optional(),
  firstSeen: timestamp,
  lastSeen: timestamp,
  deletedTime: timestamp.optional(),
});

const ledger = z.looseObject({
  routes: z.array(z.enum(['stream', 'node-files'])),
  lines: index,
  bytes: index,
  /** Credentials that were taken out of its lines, by the name in the marker `[redacted:NAME]`. */
  redactions: z.record(z.string(), index).optional(),
  firstLine: timestamp.optional(),
  lastLine: timestamp.optional(),
  reconnects: index,
  repeatsRemoved: index,
  rotations: index,
  end: z.enum(['proven', 'not proven']),
  endEvidence: z.string(),
  /** Indexes of the gaps in this log. */
  gaps: z.array(index),
});

const container = z.looseObject({
  object: index,
  name: z.string(),
  kind: z.enum(['init', 'sidecar', 'regular', 'ephemeral']),
  restart: index,
  containerID: z.string().optional(),
  startedTime: timestamp.optional(),
  finishedTime: timestamp.optional(),
  exitCode: z.int().optional(),
  signal: z.int().optional(),
  reason: z.string().optional(),
  ledger,
});

const gap = z.looseObject({
  of: z.union([
    z.looseObject({ container: index }),
    z.looseObject({ resource: z.string(), namespace: z.string().nullable() }),
  ]),
  from: timestamp,
  to: timestamp,
  certainty: z.enum(['known', 'suspected']),
  cause: z.string(),
  evidence: z.string(),
});

const patchOperation = z.union([
  z.object({ op: z.enum(['add', 'replace']), path: z.string(), value: z.unknown() }),
  z.object({ op: z.literal('remove'), path: z.string() }),
]);

/** What every entry of the timeline has. `precision` stands where the time is coarser than a millisecond. */
const entryBase = {
  seq: index,
  time: timestamp,
  timeSource,
  precision: z.literal('1s').optional(),
  observed: timestamp,
};

const objectEntry = z.looseObject({
  ...entryBase,
  type: z.literal('object'),
  object: index,
  action: z.enum(['found', 'created', 'changed', 'deleted', 'deletedUnseen']),
  resourceVersion: z.string(),
  manager: z.string().optional(),
  /** The first state, whole; later ones are patches on the one before. */
  state: z.record(z.string(), z.unknown()).optional(),
  patch: z.array(patchOperation).optional(),
});

const eventEntry = z.looseObject({
  ...entryBase,
  type: z.literal('event'),
  /** null where it is about an object outside of the story, e.g. a Node. */
  object: index.nullable(),
  about: z.looseObject({
    kind: z.string(),
    name: z.string(),
    /** The part of it that is meant, e.g. `spec.containers{web}`. */
    fieldPath: z.string().optional(),
  }),
  reason: z.string(),
  eventType: z.string(),
  count: index,
  reporter: z.string(),
  message: z.string(),
  /** UID of the Event: its updates share it. */
  event: z.string(),
});

const lifecycleEntry = z.looseObject({
  ...entryBase,
  type: z.literal('lifecycle'),
  object: index,
  what: z.string(),
  container: index.optional(),
});

const logEntry = z.looseObject({
  ...entryBase,
  type: z.literal('log'),
  container: index,
  stream: z.enum(['stdout', 'stderr', 'unknown']),
  line: z.string().optional(),
  /** Base64 of a line that is not valid UTF-8. */
  bytes: z.string().optional(),
});

const gapEntry = z.looseObject({ ...entryBase, type: z.literal('gap'), gap: index });
const noteEntry = z.looseObject({ ...entryBase, type: z.literal('note'), text: z.string() });

const entry = z.discriminatedUnion('type', [objectEntry, eventEntry, lifecycleEntry, logEntry, gapEntry, noteEntry]);

const finding = z.looseObject({
  /** The rule that found it, e.g. `crash-loop`. */
  rule: z.string(),
  summary: z.string(),
  object: index.optional(),
  container: index.optional(),
  /** `seq` of the entries that show it. */
  evidence: z.array(index),
  /** When it began. */
  time: timestamp.optional(),
  /** What was changed before it, and by whom. */
  after: z.string().optional(),
  /** The last lines of the container before it. */
  lines: z.array(z.string()).optional(),
  /** Whether all was well again when the story ended. */
  over: z.boolean().optional(),
});

const verdict = z.looseObject({
  /** `recovered`: something failed, and all of it is over. */
  status: z.enum(['healthy', 'recovered', 'failed', 'unknown']),
  firstCause: finding.optional(),
  /** What followed from the first cause. */
  consequences: z.array(finding),
  /** What failed as well, without anything that ties it to the first cause. */
  unrelated: z.array(finding).optional(),
  /** What went wrong before the first cause, and was over. */
  earlier: z.array(finding).optional(),
});

const storySchema = z.looseObject({
  apiVersion: z.literal('faro/v1'),
  kind: z.literal('Story'),
  metadata,
  objects: z.array(storyObject),
  containers: z.array(container),
  gaps: z.array(gap),
  timeline: z.array(entry),
  /** Last, because its evidence are entries of the timeline. */
  verdict: verdict.optional(),
  /** The very last, where there is one: it covers every byte before. */
  signature: z.looseObject({ algorithm: z.literal('ed25519'), keyId: z.string(), value: z.string() }).optional(),
});

/** One entry of the timeline, whatever its type. */
export const entrySchema = entry;

/** Everything of a document but its timeline. */
export const headSchema = storySchema.omit({ timeline: true });

export type Story = z.infer<typeof storySchema>;
export type StoryMetadata = z.infer<typeof metadata>;
export type StoryCounts = z.infer<typeof counts>;
export type StoryObject = z.infer<typeof storyObject>;
export type StoryContainer = z.infer<typeof container>;
export type StoryLedger = z.infer<typeof ledger>;
export type StoryGap = z.infer<typeof gap>;
export type StoryVerdict = z.infer<typeof verdict>;
export type StoryFinding = z.infer<typeof finding>;
export type TimelineEntry = z.infer<typeof entry>;
export type TimeSource = z.infer<typeof timeSource>;

/** The contract as JSON Schema, published as docs/story.schema.json. */
export function storyJsonSchema(): object {
  const schema = z.toJSONSchema(storySchema);
  return {
    ...schema,
    title: 'faro/v1 Story',
    description: 'The complete story of a Kubernetes workload, as faro writes it.',
  };
}
