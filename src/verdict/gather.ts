import { conditionsOf } from '../graph/conditions.ts';
import { isDeletion, type ObjectAction } from '../model/action.ts';
import { containerStatusesOf } from '../model/container-statuses.ts';
import { deletionRequestOf } from '../model/deletion.ts';
import { field, path, textOf } from '../model/fields.ts';
import type { KubeObject } from '../model/resource.ts';
import type { EventFact, Facts, Moment, ObjectFacts, ObjectIdentity, RunFacts, RunIdentity } from './facts.ts';
import { LastLines } from './last-lines.ts';
import { brief } from './text.ts';

/** What a story says before its timeline. */
export interface FactsAbout {
  readonly startTime: string;
  readonly endTime: string;
  readonly ended: string;
  readonly roots: readonly number[];
  readonly objects: readonly ObjectIdentity[];
  readonly containers: readonly RunIdentity[];
}

/** A Kubernetes Event as the timeline tells it. */
export interface ToldEvent {
  readonly object: number | null;
  readonly about: { readonly kind: string; readonly name: string; readonly fieldPath?: unknown };
  readonly reason: string;
  readonly eventType: string;
  readonly count: number;
  readonly message: string;
  readonly event: string;
}

/** A state of an object, whole. */
export interface ToldState {
  readonly object: number;
  readonly action: ObjectAction;
  readonly manager?: string | undefined;
  readonly state: KubeObject;
}

/** What happened to a container's run, as the timeline tells it. */
export interface ToldLifecycle {
  readonly object: number;
  readonly what: string;
  readonly container?: number | undefined;
  readonly exitCode?: unknown;
  readonly signal?: unknown;
  readonly reason?: unknown;
}

/** Events that are no warnings, but tell why something ended. */
const TELLING = new Set(['Killing', 'NodeNotReady', 'NodeReady', 'TaintManagerEviction', 'Preempted', 'Evicted']);
const ORDINARY_WAITS = new Set(['ContainerCreating', 'PodInitializing']);
const MAX_MOMENTS = 100;

/** Takes in a timeline, entry by entry in its order, and keeps what the rules need of it. */
export class FactsGatherer<Line> {
  readonly #about: FactsAbout;
  readonly #objects: readonly ObjectFacts[];
  readonly #runs: readonly RunFacts[];
  readonly #runOfId: ReadonlyMap<string, RunFacts>;
  readonly #events = new Map<string, EventFact>();
  readonly #nodeEvents = new Map<string, EventFact[]>();
  readonly #lines: LastLines<Line>;

  constructor(about: FactsAbout, textOf: (line: Line) => string) {
    this.#about = about;
    this.#objects = about.objects.map(newObject);
    this.#runs = about.containers.map(newRun);
    for (const run of this.#runs) this.#objects[run.object]?.runs.push(run);
    this.#runOfId = new Map(
      this.#runs.flatMap((run) => (run.containerID === undefined ? [] : [[run.containerID, run]])),
    );
    this.#lines = new LastLines(textOf);
  }

  line(container: number, seq: number, line: Line): void {
    this.#lines.add(container, seq, line);
  }

  /** The line of a container that its next one takes the place of. */
  outgoingLine(container: number): Line | undefined {
    return this.#lines.outgoing(container);
  }

  event(at: Moment, told: ToldEvent): void {
    if (told.eventType !== 'Warning' && !TELLING.has(told.reason)) return;
    const known = this.#events.get(told.event);
    if (known !== undefined) {
      known.count = Math.max(known.count, told.count);
      if (known.moments.length >= MAX_MOMENTS) known.moments.pop();
      known.moments.push(at);
      return;
    }
    const container = /\{(.+)\}/.exec(textOf(told.about.fieldPath) ?? '')?.[1];
    const { reason, count } = told;
    const fact: EventFact = { reason, message: brief(told.message, 1000), container, count, moments: [at] };
    this.#events.set(told.event, fact);
    if (told.object === null)
      this.#nodeEvents.set(told.about.name, [...(this.#nodeEvents.get(told.about.name) ?? []), fact]);
    else this.#objects[told.object]?.events.push(fact);
  }

  lifecycle(at: Moment, told: ToldLifecycle): void {
    const run = this.#runs[told.container ?? -1];
    const object = this.#objects[told.object];
    switch (told.what) {
      case 'started':
      case 'restarted':
        if (run !== undefined) run.started = at;
        return;
      case 'terminated':
        if (run !== undefined) this.#end(at, run, told);
        return;
      case 'rolloutFinished': {
        const rollout = object?.rollouts.at(-1);
        if (rollout !== undefined) rollout.finished ??= at;
        return;
      }
      default:
        return;
    }
  }

  state(at: Moment, { object: index, action, manager, state }: ToldState): void {
    const object = this.#objects[index];
    if (object === undefined) return;
    const isGone = isDeletion(action);
    if (object.first === undefined) object.isNew = action === 'created';
    noteConditions(object, state, at);
    if (object.kind === 'Pod') this.#notePod(object, state, at);
    if (object.kind === 'ConfigMap' || object.kind === 'Secret') noteChange(object, { at, action, manager });
    if (object.kind === 'Node') noteCordon(object, state, { at, action, manager });
    noteRollout(object, state, { at, action, manager });
    object.first ??= at;
    object.last = at;
    object.state = state;
    object.deletionRequested ??= deletionOf(state, at);
    if (state.metadata.deletionTimestamp === undefined && !isGone) object.living = state;
    if (isGone) object.deleted = at;
  }

  finish(): Facts {
    const { startTime, endTime, ended, roots } = this.#about;
    return { startTime, endTime, ended, roots, objects: this.#objects, runs: this.#runs, nodeEvents: this.#nodeEvents };
  }

  #end(at: Moment, run: RunFacts, { exitCode, signal, reason }: ToldLifecycle): void {
    const [code, number] = [exitCode, signal].map((value) => (typeof value === 'number' ? value : undefined));
    run.ended = { ...at, exitCode: code, signal: number, reason: textOf(reason) ?? '' };
    run.lines = this.#lines.take(run.index).map(({ seq, text }) => ({ seq, text: brief(text, 300) }));
  }

  #notePod(object: ObjectFacts, pod: KubeObject, at: Moment): void {
    noteWaits(object, pod, at);
    for (const { status } of containerStatusesOf(pod))
      for (const name of ['state', 'lastState']) this.#noteEnd(path(status, name, 'terminated'), pod);
    const [reason, message] = ['reason', 'message'].map((name) => textOf(path(pod, 'status', name)));
    if (reason !== undefined && path(pod, 'status', 'phase') === 'Failed')
      object.ended ??= { ...at, reason, message: brief(message ?? '', 500) };
  }

  #noteEnd(terminated: unknown, { metadata }: KubeObject): void {
    const [id, message] = ['containerID', 'message'].map((name) => textOf(field(terminated, name)));
    const run = id === undefined ? undefined : this.#runOfId.get(id);
    if (run === undefined) return;
    if (metadata.deletionTimestamp === undefined) run.isEndedAlive = true;
    if (message !== undefined) run.message ??= brief(message, 1000);
  }
}

function newObject(identity: ObjectIdentity, index: number): ObjectFacts {
  const { apiVersion, kind, namespace, name, owners } = identity;
  const lists = { conditions: [], waits: [], events: [], rollouts: [], changes: [], cordons: [], runs: [] };
  const moments = {
    first: undefined,
    last: undefined,
    deletionRequested: undefined,
    deleted: undefined,
    ended: undefined,
  };
  const states = { isNew: false, state: undefined, living: undefined };
  return { index, apiVersion, kind, namespace, name, owners, ...moments, ...states, ...lists };
}

function newRun(identity: RunIdentity, index: number): RunFacts {
  const { object, name, kind, restart, containerID } = identity;
  const unknown = { started: undefined, ended: undefined, isEndedAlive: false, message: undefined, lines: [] };
  return { index, object, name, kind, restart, containerID, ...unknown };
}

/** The request for a deletion, at the second that the server states; where it states none, when it was seen. */
function deletionOf({ metadata }: KubeObject, { seq, time }: Moment): Moment | undefined {
  if (metadata.deletionTimestamp === undefined) return undefined;
  return { seq, time: deletionRequestOf(metadata)?.time ?? time };
}

function noteConditions(object: ObjectFacts, state: KubeObject, at: Moment): void {
  for (const { type, status, reason, message } of conditionsOf(state)) {
    const span = object.conditions.findLast((known) => known.type === type);
    if (span?.status === status && span.reason === reason) continue;
    if (span !== undefined) span.until ??= at;
    object.conditions.push({ type, status, reason, message: brief(message, 1000), from: at, until: undefined });
  }
}

function noteWaits(object: ObjectFacts, pod: KubeObject, at: Moment): void {
  for (const { name, status } of containerStatusesOf(pod)) {
    const waiting = path(status, 'state', 'waiting');
    const reason = textOf(field(waiting, 'reason')) ?? '';
    const open = object.waits.findLast(({ container, until }) => container === name && until === undefined);
    if (open?.reason === reason) continue;
    if (open !== undefined) open.until = at;
    if (reason === '' || ORDINARY_WAITS.has(reason)) continue;
    const message = brief(textOf(field(waiting, 'message')) ?? '', 1000);
    object.waits.push({ container: name, reason, message, from: at, until: undefined });
  }
}

interface Change {
  readonly at: Moment;
  readonly action: ObjectAction;
  readonly manager: string | undefined;
}

function noteChange(object: ObjectFacts, { at, action, manager }: Change): void {
  if (action === 'found' || action === 'created') return;
  object.changes.push({ ...at, manager, isDeletion: action !== 'changed' });
}

function noteCordon(object: ObjectFacts, node: KubeObject, { at, action, manager }: Change): void {
  const isClosed = (state: KubeObject | undefined) => path(state, 'spec', 'unschedulable') === true;
  if (action === 'changed' && isClosed(node) && !isClosed(object.state)) object.cordons.push({ ...at, manager });
}

function noteRollout(object: ObjectFacts, state: KubeObject, { at, action, manager }: Change): void {
  const [template, spec] = [path(state, 'spec', 'template'), path(state, 'spec', 'template', 'spec')];
  if (template === undefined) return;
  const text = JSON.stringify(template);
  const before = path(object.state, 'spec', 'template');
  if (before !== undefined && JSON.stringify(before) === text) return;
  // What is found at the start was rolled out before, which a later return to it shows.
  const isFound = before === undefined && action !== 'created';
  const isSpec = !isFound && (before === undefined || JSON.stringify(field(before, 'spec')) !== JSON.stringify(spec));
  object.rollouts.push({ from: at, manager, template: text, isSpec, finished: isFound ? at : undefined });
}
