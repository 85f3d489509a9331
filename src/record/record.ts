import { familyFirst } from '../graph/families.ts';
import type { Reference } from '../graph/references.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Discovery } from '../kube/discovery.ts';
import { NodeRoutes } from '../kube/node-routes.ts';
import { NodeSettings } from '../kube/node-settings.ts';
import { aheadOf } from '../kube/server-clock.ts';
import { SuccessorClient } from '../kube/successor-client.ts';
import type { Gunzip } from '../logs/file-bytes.ts';
import { LogFollowers } from '../logs/followers.ts';
import type { LogRouteChoice } from '../logs/route-chooser.ts';
import type { LogLimits } from '../logs/sink.ts';
import type { Hold } from '../model/gap.ts';
import type { JournalRecord, Root, StartRecord } from '../model/record.ts';
import { groupResourceOf, type ResourceType } from '../model/resource.ts';
import { type Clock, millisecondsOf, timestampOf } from '../model/time.ts';
import type { Redactor } from '../redact/redactor.ts';
import { AllowedNames } from './allowed-names.ts';
import { catchUp } from './catch-up.ts';
import { ClockCheck } from './clock-check.ts';
import { drain } from './drain.ts';
import { type EndConditions, type RecordResult, reachEnd } from './end.ts';
import { lastStates } from './last-states.ts';
import { LateTypes } from './late-types.ts';
import type { Past } from './past.ts';
import { Placement } from './placement.ts';
import type { RecordLog } from './record-log.ts';
import { ReferenceWatches } from './reference-watches.ts';
import { podSelectorsOf, selectedObjects, selectsPods } from './selected.ts';
import { eventsType, isPointing, namespacesOf, watchableTypes } from './types.ts';
import { Watches } from './watches.ts';
import { RecorderWitness } from './witness.ts';

export type { LogRouteChoice } from '../logs/route-chooser.ts';

/** Where records go; the journal. */
export interface RecordSink {
  /** The bytes of log lines hold only during the call. */
  append(record: JournalRecord): void;
  drained(signal: AbortSignal): Promise<void>;
  /** Resolves when all that was appended would survive a kill, or when the signal aborts. */
  sync(signal: AbortSignal): Promise<void>;
  /** Set while log lines are to be left where they are, for want of room. */
  readonly hold?: Hold | undefined;
}

export interface RecordOptions {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly sink: RecordSink;
  readonly redactor: Redactor;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: RecordLog;
  readonly start: Omit<StartRecord, 'kind' | 'time'>;
  /** The type of each root, in the order of `start.roots`. */
  readonly types: readonly ResourceType[];
  readonly logs: (LogLimits & { readonly maxStreams: number; readonly route?: LogRouteChoice }) | undefined;
  /** Makes a client of a node's own kubelet, where node files are to be read straight from there. */
  readonly kubelet?: ((host: string) => Pick<KubeClient, 'raw'>) | undefined;
  /** Unpacks rotated log files; left out: in Node's threads. */
  readonly gunzip?: Gunzip;
  readonly streamingList: boolean;
  /** After so many changes a watch goes over to a compressed one, at the earliest (default: 2). */
  readonly crossAfter?: number;
  /** False leaves out what explains the objects of the story without being part of it. */
  readonly related?: boolean;
  /** A type with more objects than this has its few members watched one by one (default: 500). */
  readonly crowd?: number;
  readonly end: EndConditions;
  /** Milliseconds at most, at the end, for the logs of ended containers to be read to their end. */
  readonly drainMs: number;
  /** What the journal holds of a recorder that was killed: this one goes on with its capture. */
  readonly past?: Past | undefined;
}

export interface RecordProgress {
  readonly objects: number;
  readonly events: number;
  readonly logLines: number;
  readonly openLogs: number;
  readonly gaps: number;
}

/**
 * Records the story of the roots: watches what there is, places it, follows the logs, and writes everything to the sink
 * in the order in which it came. Ends when the end conditions say so or `signal` aborts; what was recorded is then in
 * the sink, closed by an `end` record.
 */
export class Recorder {
  readonly #options: RecordOptions;
  /** By how much this clock is behind what a recorder told that was killed. */
  readonly #behindMs: number;
  readonly #stop = new AbortController();
  readonly #placement: Placement;
  readonly #followers: LogFollowers | undefined;
  readonly #witness: RecorderWitness;
  readonly #watches: Watches;
  readonly #lateTypes: LateTypes;
  readonly #clocks: ClockCheck;
  readonly #synced = Promise.withResolvers<void>();
  /** Resolves when the watches of every type have begun, and the first lists of roots, pods and Events were answered. */
  readonly #begun = Promise.withResolvers<void>();
  /** Those lists were answered; before, that they were not is what the story lacks. */
  #hasBegun = false;
  #logLines = 0;
  #gaps = 0;
  /** When an object of the story was last told to have changed; what was found as it is may be so for long. */
  #changedAt = Number.NEGATIVE_INFINITY;

  constructor(given: RecordOptions) {
    const { past } = given;
    this.#behindMs = past === undefined ? 0 : Math.max(0, millisecondsOf(past.lastObserved) - given.clock.now());
    const note = (text: string) => this.#witness.note(text);
    const client = new SuccessorClient(given.client, note, this.#stop.signal);
    const clock = aheadBy(given.clock, this.#behindMs);
    const options = { ...given, client, clock };
    this.#options = options;
    const skew = () => aheadOf(client.clockSkew, this.#behindMs);
    this.#clocks = new ClockCheck({ skew, note });
    const { redactor, start } = options;
    const append = (record: JournalRecord) => this.#append(record);
    const nodes = new NodeSettings(client, this.#stop.signal);
    const want = (reference: Reference) => references.want(reference);
    const related = options.related === false ? {} : { want };
    this.#placement = new Placement({ roots: start.roots, redactor, clock, append, ...related });
    this.#followers = this.#logFollowers(nodes);
    this.#witness = new RecorderWitness({
      roots: start.roots,
      placement: this.#placement,
      followers: this.#followers,
      nodes,
      clock,
      append,
      log: options.log,
    });
    const names = new AllowedNames(client, this.#stop.signal);
    const allowedNames = (type: ResourceType, namespace: string) => names.of(type, namespace);
    this.#watches = new Watches(
      { ...options, skew, witness: this.#witness, listsAtOnce: 8, allowedNames },
      this.#stop.signal,
    );
    const references = new ReferenceWatches({ ...options, watches: this.#watches.explaining, note });
    this.#lateTypes = new LateTypes({ ...options, roots: start.roots, watches: this.#watches, witness: this.#witness });
  }

  /** None where no logs are wanted. */
  #logFollowers(settings: NodeSettings): LogFollowers | undefined {
    const { client, clock, log, logs, sink, gunzip, kubelet, past } = this.#options;
    if (logs === undefined) return undefined;
    const { maxStreams, route = 'auto' } = logs;
    const routes = new NodeRoutes({ client, kubelet }, this.#stop.signal);
    return new LogFollowers({
      client,
      clock,
      settings,
      gunzip,
      limits: logs,
      maxStreams,
      route,
      routeOf: (pod) => routes.routeOf(pod),
      say: (text, level) => log[level]({}, text),
      past: past?.logs,
      sink: {
        append: (record) => this.#append(record),
        drained: (signal) => sink.drained(signal),
        get hold() {
          return sink.hold;
        },
      },
    });
  }

  get progress(): RecordProgress {
    const openLogs = this.#followers?.openStreams ?? 0;
    return { ...this.#placement.counts, logLines: this.#logLines, openLogs, gaps: this.#gaps };
  }

  /** Resolves when every first list was answered: what is there is recorded, safe from a kill, and what changes from now on will be. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Records until an end condition holds or `signal` aborts. A second abort, of `leave`, does not wait for logs. */
  async run(signal: AbortSignal, leave: AbortSignal): Promise<RecordResult> {
    const { clock, start, past } = this.#options;
    if (past === undefined) this.#append({ kind: 'start', time: timestampOf(clock.now()), ...start });
    else this.#resume(past);
    const stop = () => this.#stop.abort();
    leave.addEventListener('abort', stop, { once: true });
    try {
      const watching = this.#watchEverything();
      const result = await Promise.race([this.#end(signal), this.#witness.failure]);
      await this.#drain(leave, result);
      this.#stop.abort();
      await watching; // those that had yet to begin begin, and end at once: each tells that it heard nothing
      await this.#watches.ended();
      await this.#followers?.[Symbol.asyncDispose]();
      this.#witness.ended(this.#watches.running.missedKinds);
      this.#clocks.look();
      this.#append({ kind: 'end', time: timestampOf(clock.now()), ended: result.ended });
      return result;
    } finally {
      this.#stop.abort();
      await this.#followers?.[Symbol.asyncDispose]();
      leave.removeEventListener('abort', stop);
    }
  }

  #resume(past: Past): void {
    const { clock, start } = this.#options;
    const time = timestampOf(clock.now());
    const { generator } = start;
    this.#append({ kind: 'resume', time, after: past.lastObserved, generator });
    if (this.#behindMs > 0)
      this.#witness.note(
        `the clock of the recording machine had been set back by ${(this.#behindMs / 1000).toFixed(1)} s: times go on from where they were`,
      );
    this.#witness.restore(past);
  }

  /** Each with its type, in their order. */
  get #typedRoots(): readonly { readonly root: Root; readonly type: ResourceType }[] {
    const { start, types } = this.#options;
    return start.roots.flatMap((root, index) => {
      const type = types[index];
      return type === undefined ? [] : { root, type };
    });
  }

  /** Roots first, then Events, then every type that the server lets the user list. */
  async #watchEverything(): Promise<void> {
    const { discovery, start } = this.#options;
    for (const { groupVersion, message } of discovery.failures)
      this.#witness.note(
        `objects of ${groupVersion} are not in this story: its types could not be discovered (${message})`,
      );
    const first = this.#typedRoots.map(({ root, type }) => this.#watches.watchRoot(root, type));
    const roots = Promise.all(first);
    const essential: Promise<void>[] = [...first];
    const events = eventsType(discovery);
    for (const namespace of namespacesOf(start.roots)) {
      const types = watchableTypes(discovery, start.roots, namespace);
      await Promise.all(types.map((type) => this.#watches.learn(type, namespace)));
      if (events !== undefined) essential.push(this.#watches.watchEvents(events, namespace));
      if (events !== undefined && namespace !== null && namespace !== 'default')
        first.push(this.#watches.explaining.watchNodeEvents(events, 'default'));
      for (const type of familyFirst(types, start.roots)) {
        const watched = this.#watchType(type, namespace, roots);
        (this.#witness.isEssential(type) ? essential : first).push(watched);
      }
    }
    this.#begun.resolve(
      Promise.all(essential).then(() => {
        this.#hasBegun = true;
      }),
    );
    await Promise.all([...essential, ...first]);
    await this.#watches.running.listed();
    if (!this.#stop.signal.aborted) await this.#beginRecording();
    this.#clocks.look();
    this.#synced.resolve();
    await this.#lateTypes.run(this.#stop.signal);
  }

  /** Whoever is told that it records, may kill it from then on. */
  async #beginRecording(): Promise<void> {
    const { sink, log } = this.#options;
    const denied = this.#witness.synced();
    await sink.sync(this.#stop.signal).catch((error: unknown) => this.#witness.fatal(error));
    if (!this.#stop.signal.aborted) log.info({ denied }, 'recording');
  }

  async #watchType(type: ResourceType, namespace: string | null, roots: Promise<unknown>): Promise<void> {
    const isWhole = this.#options.related !== false && isPointing(type);
    if (isWhole) return this.#watches.watchWhole(type, namespace);
    const isSelected = groupResourceOf(type) === 'pods' && this.#options.start.roots.some(selectsPods);
    // A recorder that goes on knows by name what the one before had watched.
    if (!isSelected || this.#options.past !== undefined) return this.#watches.watchMetadata(type, namespace);
    const selectors = roots.then(() => podSelectorsOf(this.#placement.roots, namespace));
    const { lists } = this.#watches.running;
    const named = await selectedObjects({ ...this.#options, lists, type, namespace, selectors }, this.#stop.signal);
    return this.#watches.watchMetadata(type, namespace, { named });
  }

  #end(signal: AbortSignal): Promise<RecordResult> {
    const { end, clock, start, client, types, log } = this.#options;
    const at = { clock, roots: start.roots, placement: this.#placement };
    const awaited = () => this.#watches.running.awaited;
    const listed = async () => {
      await this.#begun.promise;
      await this.#watches.running.needed();
    };
    return reachEnd(
      end,
      { ...at, log, awaited, listed, catchUp: (until) => catchUp({ ...at, client, types }, until) },
      signal,
    );
  }

  async #drain(leave: AbortSignal, { goal }: RecordResult): Promise<void> {
    const { clock, drainMs, end, sink } = this.#options;
    // Where the journal is full, there will be no room for what they would bring.
    if (leave.aborted || sink.hold?.cause === 'journal-full') return;
    const how = {
      ...{ clock, drainMs, followers: this.#followers, synced: this.synced },
      // Whoever ends it, or ran a command in it, may have changed something just before.
      mayBeOver: goal === 'met' && end.after === undefined,
      changedAt: () => this.#changedAt,
      lastStates: (signal: AbortSignal) => this.#lastStates(signal),
    };
    await drain(how, leave);
  }

  /** Returns whether states came that had been late. */
  async #lastStates(signal: AbortSignal): Promise<boolean> {
    if (!this.#hasBegun) return false;
    const roots = this.#typedRoots.map(({ root: { namespace, name }, type }) => ({ type, namespace, name }));
    const family = [...this.#watches.places].filter(({ type }) => this.#witness.isOfFamily(type));
    const awaits = (uid: string) => this.#watches.awaits(uid);
    const at = { ...this.#options, placement: this.#placement, awaits };
    const { hasWaited, behind } = await lastStates([...roots, ...family], at, signal);
    for (const place of behind) this.#watches.running.fellBehind(place);
    return hasWaited;
  }

  /** What is compared with the next lines stays raw, in memory; what leaves it for the journal holds no credentials. */
  #append(record: JournalRecord): void {
    if (record.kind === 'log') this.#logLines += record.lines;
    if (record.kind === 'object' && record.action !== 'found') this.#changedAt = this.#options.clock.now();
    if (record.kind === 'gap') this.#gaps += record.isWithdrawn === true ? -1 : 1;
    this.#options.sink.append(this.#options.redactor.record(record));
  }
}

/** Times in a journal never go back, whatever the machine's clock did between two recorders. */
function aheadBy(clock: Clock, ms: number): Clock {
  return ms === 0 ? clock : { now: () => clock.now() + ms, sleep: (duration, signal) => clock.sleep(duration, signal) };
}
