import { parseJson } from '../model/json.ts';
import type { KubeObject } from '../model/resource.ts';
import { FactsGatherer, type ToldEvent, type ToldLifecycle } from '../verdict/gather.ts';
import { verdictOf } from '../verdict/verdict.ts';
import type { StoryContainer, StoryMetadata, StoryObject, StoryVerdict, TimelineEntry } from './document.ts';
import { KeptLine } from './kept-line.ts';
import { ObjectStates } from './object-states.ts';
import type { MadeEntry } from './prepared.ts';

type ObjectEntry = Extract<TimelineEntry, { type: 'object' }>;
type LogEntry = Extract<TimelineEntry, { type: 'log' }>;
/** A line, or its JSON, which is made text only if a verdict asks for it. */
type Line = LogEntry | KeptLine;

/** Looks at each entry of a timeline, in its order, and gives the verdict at its end. */
export class Examination {
  readonly #gatherer: FactsGatherer<Line>;
  readonly #states = new ObjectStates();

  constructor(head: {
    readonly metadata: StoryMetadata;
    readonly objects: readonly StoryObject[];
    readonly containers: readonly StoryContainer[];
  }) {
    const { startTime, endTime, ended, roots } = head.metadata;
    const about = { startTime, endTime, ended, roots: roots.flatMap(({ objects }) => objects) };
    this.#gatherer = new FactsGatherer({ ...about, objects: head.objects, containers: head.containers }, textOf);
  }

  /** Throws FaroError `story` for a state that is none (a story may have been edited). */
  take(entry: TimelineEntry): void {
    const { seq, time } = entry;
    switch (entry.type) {
      case 'object':
        this.takeState(entry, this.#states.take(entry).current);
        return;
      case 'event':
        this.#gatherer.event({ seq, time }, entry satisfies ToldEvent);
        return;
      case 'lifecycle':
        this.#gatherer.lifecycle({ seq, time }, entry satisfies ToldLifecycle);
        return;
      case 'log':
        this.#gatherer.line(entry.container, seq, entry);
        return;
      case 'gap':
      case 'note':
        return;
    }
  }

  /** A state of an object, for whoever has rebuilt it. */
  takeState({ seq, time, object, action, manager }: ObjectEntry, state: KubeObject): void {
    this.#gatherer.state({ seq, time }, { object, action, manager, state });
  }

  /** An entry as its line of the document has it. */
  takeJson(json: string): void {
    this.take(parseJson(json) as TimelineEntry);
  }

  /** An entry whose JSON was not read; not the entries of one story both so and otherwise. */
  takeMade(seq: number, { entry: made, state }: MadeEntry): void {
    const entry = { ...made, seq } as TimelineEntry;
    if (entry.type === 'object' && state !== undefined) this.takeState(entry, state);
    else this.take(entry);
  }

  /** A log line, whose JSON without `seq` stands from `from` to `to` of these bytes. */
  takeLine(container: number, seq: number, bytes: Buffer, from: number, to: number): void {
    const outgoing = this.#gatherer.outgoingLine(container);
    const line = outgoing instanceof KeptLine ? outgoing : new KeptLine();
    line.keep(bytes, from, to);
    this.#gatherer.line(container, seq, line);
  }

  verdict(): StoryVerdict {
    return verdictOf(this.#gatherer.finish());
  }
}

function textOf(line: Line): string {
  return line instanceof KeptLine ? line.text : (line.line ?? Buffer.from(line.bytes ?? '', 'base64').toString());
}
