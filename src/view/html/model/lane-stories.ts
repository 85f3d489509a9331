import { isDeletion } from '../../../model/action.ts';
import type { StoryGap } from '../../../story/document.ts';
import { applyPatch } from '../../../story/patch.ts';
import { ToldEnds } from '../../../story/told-ends.ts';
import { type FactEntry, millisecondsSince, type ReportData } from '../data/report-data.ts';
import type { Millis } from './clock.ts';
import { headlineOf } from './headline.ts';
import type { LaneIndex } from './lanes.ts';
import { ContainerLane, PodLane } from './pod-lane.ts';
import type { LaneStory, SpanWriter } from './spans.ts';
import { WorkloadLane } from './workload-lane.ts';

type Writer = PodLane | ContainerLane | WorkloadLane;
type EntryOf<T extends FactEntry['type']> = Extract<FactEntry, { type: T }>;

/** Kinds whose states tell how many replicas are ready. */
const REPLICATED = new Set(['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet']);
/** What changes objects all the time, as its work; a change by anyone else is worth a mark. */
const CONTROLLERS = /^kube-|^kubelet$|controller|scheduler|^k3s$|autoscaler/i;

/** What every lane shows, from one pass over the entries that are no log lines. */
export function laneStories(
  data: ReportData,
  index: LaneIndex,
  told: ToldEnds = new ToldEnds(data.facts.entries),
): LaneStory[] {
  const teller = new Teller(data, index, told);
  for (const entry of data.facts.entries) teller.take(entry);
  return teller.finish();
}

class Teller {
  readonly #data: ReportData;
  readonly #index: LaneIndex;
  readonly #writers: Writer[];
  readonly #states = new Map<number, unknown>();
  /** Entries of one object stand in the order that is known, though a time of whole seconds may step back. */
  readonly #latest = new Map<number, Millis>();

  constructor(data: ReportData, index: LaneIndex, told: ToldEnds) {
    this.#data = data;
    this.#index = index;
    this.#writers = index.lanes.map(({ container, kind }) =>
      container !== undefined ? new ContainerLane(told) : kind === 'Pod' ? new PodLane() : new WorkloadLane(),
    );
  }

  take(entry: FactEntry): void {
    switch (entry.type) {
      case 'object':
        this.#takeObject(entry);
        break;
      case 'lifecycle':
        this.#takeLifecycle(entry);
        break;
      case 'event':
        this.#takeEvent(entry);
        break;
      case 'gap':
        this.#takeGap(entry);
        break;
      default: // a note belongs to no lane
    }
  }

  finish(): LaneStory[] {
    const { metadata, objects } = this.#data.facts;
    const end = this.#since(metadata.endTime);
    for (const [lane, writer] of this.#writers.entries()) {
      const object = objects[this.#index.lanes[lane]?.object ?? -1];
      writer.close(object?.deletedTime === undefined ? end : Math.min(end, this.#since(object.deletedTime)));
    }
    for (const writer of this.#writers) writer.marks.sort((a, b) => a.at - b.at);
    return this.#writers;
  }

  #takeObject(entry: EntryOf<'object'>): void {
    const { object, seq, action, manager } = entry;
    const at = this.#when(object, entry);
    const writer = this.#writerOf(object);
    if (writer instanceof WorkloadLane) this.#takeState(entry, writer, at);
    if (isDeletion(action)) writer?.mark({ at, seq, tone: 'deleted', text: headlineOf(entry) });
    else if (action === 'changed' && manager !== undefined && !CONTROLLERS.test(manager))
      writer?.mark({ at, seq, tone: 'change', text: headlineOf(entry) });
  }

  #takeState({ object, state, patch }: EntryOf<'object'>, writer: WorkloadLane, at: Millis): void {
    if (!REPLICATED.has(this.#data.facts.objects[object]?.kind ?? '')) return;
    const known = state ?? applyPatch(this.#states.get(object), patch ?? []);
    this.#states.set(object, known);
    writer.takeState(known, at);
  }

  #takeLifecycle(entry: EntryOf<'lifecycle'>): void {
    let at = this.#when(entry.object, entry);
    const { containerName, container: run } = entry;
    if (typeof containerName !== 'string') {
      this.#writerOf(entry.object)?.take(entry, at);
      return;
    }
    const lane = this.#index.ofContainer(entry.object, containerName);
    const writer = lane === undefined ? undefined : this.#writers[lane];
    // An end in whole seconds may lie before the last line of the run that it ends.
    const last = entry.what === 'terminated' ? this.#data.facts.containers[run ?? -1]?.ledger.lastLine : undefined;
    if (last !== undefined) at = Math.max(at, this.#since(last));
    writer?.take(entry, at);
  }

  #takeEvent(entry: EntryOf<'event'>): void {
    if (entry.object === null) return;
    const tone = entry.eventType === 'Normal' ? 'normal' : 'warning';
    const mark = { at: this.#since(entry.time), seq: entry.seq, tone, text: headlineOf(entry) } as const;
    this.#writerOf(entry.object)?.mark(mark);
  }

  #takeGap({ gap: number, seq }: EntryOf<'gap'>): void {
    const gap = this.#data.facts.gaps[number];
    if (gap === undefined) return;
    const missing = {
      from: this.#since(gap.from),
      to: this.#since(gap.to),
      text: `${gap.cause}: ${gap.evidence}`,
      seq,
    };
    for (const writer of this.#writersOfGap(gap.of)) writer.missing.push(missing);
  }

  /** A gap of a type may concern every object of it in that namespace. */
  #writersOfGap(of: StoryGap['of']): SpanWriter[] {
    if ('container' in of)
      return [this.#writers[this.#index.ofRun[Number(of.container)] ?? -1]].flatMap((w) => w ?? []);
    return this.#data.facts.objects.flatMap(({ resource, namespace }, object) => {
      const isMeant = resource === of.resource && (of.namespace === null || namespace === of.namespace);
      return isMeant ? (this.#writerOf(object) ?? []) : [];
    });
  }

  #writerOf(object: number): Writer | undefined {
    return this.#writers[this.#index.ofObject[object] ?? -1];
  }

  #when(object: number, { time }: FactEntry): Millis {
    const at = Math.max(this.#since(time), this.#latest.get(object) ?? Number.NEGATIVE_INFINITY);
    this.#latest.set(object, at);
    return at;
  }

  #since(time: string): Millis {
    return millisecondsSince(time, this.#data.facts.metadata.startTime);
  }
}
