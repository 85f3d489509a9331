import { millisecondsOf, type Timestamp, wholeSecondOf } from '../model/time.ts';
import type { TimelineEntry } from '../story/document.ts';
import type { StoryHead, StoryReader } from '../story/reader.ts';
import { textOf, wordOf } from './describe.ts';
import { ownersOf, type Subject, subjectOf } from './subject.ts';

/**
 * OTLP/JSON logs as OpenTelemetry's file exporter writes them: a request (ExportLogsServiceRequest) a line, so that a
 * collector's otlpjsonfile receiver reads it. Resources have OpenTelemetry's names for Kubernetes.
 */
export async function* otlp(story: StoryReader): AsyncGenerator<string> {
  const { head } = story;
  const nodes = new Map<string, string>();
  let batch = new Batch(head, nodes);
  for await (const entry of story.entries()) {
    if (entry.type === 'lifecycle' && entry.what === 'scheduled')
      nodes.set(head.objects[entry.object]?.uid ?? '', String(entry.node));
    batch.add(entry);
    if (batch.size < BATCH) continue;
    yield batch.toString();
    batch = new Batch(head, nodes);
  }
  if (batch.size > 0) yield batch.toString();
}

const BATCH = 1000;

type AnyValue = { stringValue: string } | { intValue: string } | { bytesValue: string } | { boolValue: boolean };
interface Attribute {
  readonly key: string;
  readonly value: AnyValue;
}

/** Log records under the resources that they come from. */
class Batch {
  size = 0;
  readonly #head: StoryHead;
  readonly #nodes: ReadonlyMap<string, string>;
  readonly #resources = new Map<string, { readonly attributes: Attribute[]; readonly records: object[] }>();

  constructor(head: StoryHead, nodes: ReadonlyMap<string, string>) {
    this.#head = head;
    this.#nodes = nodes;
  }

  add(entry: TimelineEntry): void {
    const subject = subjectOf(this.#head, entry);
    const { object, container } = subject;
    const key = `${object?.uid}/${container?.name}/${container?.restart}`;
    const known = this.#resources.get(key);
    const resource = known ?? { attributes: resourceAttributes(this.#head, subject, this.#nodes), records: [] };
    if (known === undefined) this.#resources.set(key, resource);
    resource.records.push(recordOf(entry, this.#head));
    this.size += 1;
  }

  toString(): string {
    const scope = { name: 'faro', version: this.#head.metadata.generator.replace(/^faro /, '') };
    const resourceLogs = [...this.#resources.values()].map(({ attributes, records }) => ({
      resource: { attributes },
      scopeLogs: [{ scope, logRecords: records }],
    }));
    return `${JSON.stringify({ resourceLogs })}\n`;
  }
}

/** `k8s.deployment.name` and so on: the kinds that OpenTelemetry has names for. */
const KINDS = ['Pod', 'ReplicaSet', 'Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Node'];

function resourceAttributes(
  head: StoryHead,
  { object, container }: Subject,
  nodes: ReadonlyMap<string, string>,
): Attribute[] {
  const owners = object === undefined ? [] : [object, ...ownersOf(head, object)];
  const service = owners.at(-1);
  const { cluster, id } = head.metadata;
  return attributes({
    'k8s.cluster.uid': cluster.uid ?? undefined,
    'k8s.namespace.name': object?.namespace ?? undefined,
    ...Object.fromEntries(
      owners
        .filter(({ kind }) => KINDS.includes(kind))
        .flatMap(({ kind, name, uid }) => [
          [`k8s.${kind.toLowerCase()}.name`, name],
          [`k8s.${kind.toLowerCase()}.uid`, uid],
        ]),
    ),
    ...(object?.kind === 'Pod' ? { 'k8s.node.name': nodes.get(object.uid) } : {}),
    'k8s.container.name': container?.name,
    'k8s.container.restart_count': container?.restart,
    'container.id': container?.containerID?.replace(/^.*:\/\//, ''),
    'service.name': service?.name,
    'service.namespace': service?.namespace ?? undefined,
    'faro.story.id': id,
    'faro.lineage': object?.lineage,
  });
}

function recordOf(entry: TimelineEntry, { gaps }: StoryHead): object {
  const isWarning = entry.type === 'gap' || (entry.type === 'event' && entry.eventType === 'Warning');
  const severity =
    entry.type === 'log'
      ? {}
      : isWarning
        ? { severityNumber: 13, severityText: 'WARN' }
        : { severityNumber: 9, severityText: 'INFO' };
  const word = wordOf(entry, gaps);
  return {
    timeUnixNano: nanosecondsOf(entry.time),
    observedTimeUnixNano: nanosecondsOf(entry.observed),
    ...severity,
    body: bodyOf(entry, word, textOf(entry, gaps)),
    attributes: attributes({
      'faro.seq': entry.seq,
      'faro.type': entry.type,
      'faro.time_source': entry.timeSource,
      'log.iostream': entry.type === 'log' && entry.stream !== 'unknown' ? entry.stream : undefined,
      'k8s.event.reason': entry.type === 'event' ? entry.reason : undefined,
      'k8s.event.uid': entry.type === 'event' ? entry.event : undefined,
      'k8s.event.count': entry.type === 'event' ? entry.count : undefined,
      'faro.patch': entry.type === 'object' && entry.patch !== undefined ? JSON.stringify(entry.patch) : undefined,
    }),
    ...(entry.type === 'log' || word === '' ? {} : { eventName: `k8s.${entry.type}.${word}` }),
  };
}

function bodyOf(entry: TimelineEntry, word: string, text: string): AnyValue {
  if (entry.type === 'log' && entry.bytes !== undefined) return { bytesValue: entry.bytes };
  if (entry.type === 'log' || entry.type === 'note' || entry.type === 'event') return { stringValue: text };
  return { stringValue: text === '' ? word : `${word}: ${text}` };
}

function attributes(values: Readonly<Record<string, string | number | undefined>>): Attribute[] {
  return Object.entries(values).flatMap(([key, value]) => {
    if (value === undefined) return [];
    return [{ key, value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value } }];
  });
}

/** Nanoseconds since the epoch, exact. */
function nanosecondsOf(time: string): string {
  const seconds = millisecondsOf(`${wholeSecondOf(time)}.000000000Z` as Timestamp) / 1000;
  return (BigInt(seconds) * 1_000_000_000n + BigInt(time.slice(20, 29))).toString();
}
