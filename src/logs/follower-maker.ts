import type { KubeClient } from '../kube/client.ts';
import { logFolder } from '../kube/node-routes.ts';
import { type NodeSettings, nodeOf } from '../kube/node-settings.ts';
import { Gatherings } from '../model/gathering.ts';
import type { KubeObject } from '../model/resource.ts';
import { Slots } from '../model/slots.ts';
import type { Clock } from '../model/time.ts';
import { within } from '../model/within.ts';
import type { FirstLines } from './binding.ts';
import type { Gunzip } from './file-bytes.ts';
import { filesBeginBy, footholdBehind } from './foothold.ts';
import { KeptFiles } from './kept-files.ts';
import type { InstanceLife } from './life.ts';
import { NodeFollower, type NodeFollowerOptions, type SharedReading } from './node-follower.ts';
import type { OpenStreams } from './open-streams.ts';
import type { LogPast, LogPasts } from './past.ts';
import { RefusedLog } from './refused-log.ts';
import { ReturningFollower } from './returning-follower.ts';
import { type FilesRoute, RouteChooser, type RouteChooserOptions } from './route-chooser.ts';
import type { Follower, LogSink } from './sink.ts';
import { StreamFollower } from './stream-follower.ts';
import { Turns } from './turns.ts';
import { LogWitness } from './witness.ts';

export interface FollowerMakerOptions extends RouteChooserOptions {
  readonly client: Pick<KubeClient, 'logs'>;
  readonly sink: LogSink;
  readonly clock: Clock;
  /** How nodes rotate log files, where it is known. */
  readonly settings: Pick<NodeSettings, 'logRotation' | 'asked'>;
  /** Unpacks rotated files; left out: in Node's threads. */
  readonly gunzip?: Gunzip | undefined;
  /** What an earlier recorder has of the logs, which was killed. */
  readonly past?: LogPasts | undefined;
}

/** What all follow streams share. */
export interface SharedStreams {
  readonly slots: Slots;
  readonly open: OpenStreams;
  readonly nextStream: () => number;
}

/** What the logs of one node share. */
interface NodeShare {
  /** Readings of its files at once: each costs the server some milliseconds, whatever it returns. */
  readonly readings: Slots;
  readonly kept: KeptFiles;
}

/** A reading has at most two requests in flight; the kubelet keeps 25 idle connections to an API server. */
const READINGS_PER_NODE = 8;
/** What streams brought is in no hurry to be proven: so many milliseconds lie between two logs, each of which takes two requests at most. */
const PROOFS_APART_MS = 3000;
/** A node that does not tell its settings is not waited for longer. */
const SETTINGS_MS = 3000;

/** Makes for each container run's log what follows it, by the route that was chosen. */
export class FollowerMaker {
  readonly #options: FollowerMakerOptions;
  readonly #streams: SharedStreams;
  readonly #routes: RouteChooser;
  readonly #nodes = new Map<string, NodeShare>();
  readonly #shared: SharedReading;

  /** @param signal ends what all logs share */
  constructor(options: FollowerMakerOptions, streams: SharedStreams, signal: AbortSignal) {
    this.#options = options;
    this.#streams = streams;
    const { clock } = options;
    const proofs = new Turns(PROOFS_APART_MS, clock, signal);
    this.#shared = { beat: clock.now(), gatherings: new Gatherings(), proofs };
    this.#routes = new RouteChooser(options, signal);
  }

  async make(
    pod: KubeObject,
    { firstLines, life }: { readonly firstLines: FirstLines; readonly life: InstanceLife },
    signal: AbortSignal,
  ): Promise<Follower> {
    const { route: choice, settings } = this.#options;
    const node = nodeOf(pod) ?? '';
    const past = this.#options.past?.of(life.instance);
    const rotatesAt = () => settings.logRotation(node).maxBytes;
    const common = { ...this.#options, ...this.#streams, life, rotatesAt, past };
    const stream = (how: { readonly sink?: LogSink; readonly past?: LogPast } = {}) =>
      new StreamFollower({ ...common, firstLines, ...how });
    const filesOf = ({ files }: FilesRoute) => {
      const folder = logFolder(pod, life.instance.container);
      return { ...this.#options, files, folder, restart: life.instance.restart };
    };
    const route = await this.#routes.choose(pod, life, signal);
    const answers = route?.type === 'node-files' ? route : undefined;
    const isOfFiles = choice === 'node-files' || past === undefined || !isOfStream(past);
    if (answers !== undefined && isOfFiles) return await this.#ofFiles(pod, { common, route: answers }, signal);
    const mayReturn = answers !== undefined || (route?.type === 'refused' && route.isPassing);
    if (mayReturn && choice === 'auto')
      return new ReturningFollower({
        ...common,
        answers,
        filesRoute: () => this.#routes.returned(pod),
        stream: (sink, told) => stream({ sink, past: told }),
        files: (back, told) => this.#ofFiles(pod, { common: { ...common, past: told }, route: back }, signal),
        foothold: (back, resume, last) => footholdBehind({ resume, last }, filesOf(back), signal),
        beginBy: (back, first) => filesBeginBy(first, filesOf(back), signal),
      });
    if (route === undefined || choice === 'auto' || route.type === 'node-files') return stream();
    const evidence = `node ${route.node} does not let its log files be read: ${route.reason}`;
    return new RefusedLog({ life, witness: new LogWitness(common), evidence });
  }

  async #ofFiles(
    pod: KubeObject,
    {
      common,
      route: { node, files, isProxied },
    }: {
      readonly common: Omit<
        NodeFollowerOptions,
        keyof NodeShare | keyof SharedReading | 'files' | 'folder' | 'proxy' | 'rotation' | 'streams' | 'timeoutMs'
      >;
      readonly route: FilesRoute;
    },
    signal: AbortSignal,
  ): Promise<Follower> {
    const { route: choice, limits, settings } = this.#options;
    const { life } = common;
    life.hasFiles = true;
    await this.#settingsOf(node, signal);
    return new NodeFollower({
      ...common,
      ...this.#shareOf(node),
      ...this.#shared,
      files,
      proxy: isProxied ? node : undefined,
      rotation: () => settings.logRotation(node),
      folder: logFolder(pod, life.instance.container),
      streams: choice === 'auto' ? this.#streams.slots : undefined,
      timeoutMs: limits.timeoutMs,
    });
  }

  /** What is known of a node's files is to be known before the first of them is judged. */
  async #settingsOf(node: string, signal: AbortSignal): Promise<void> {
    const { settings, clock } = this.#options;
    await within(SETTINGS_MS, () => settings.asked(node), { clock, signal });
  }

  #shareOf(node: string): NodeShare {
    const { settings } = this.#options;
    const known = this.#nodes.get(node) ?? {
      readings: new Slots(READINGS_PER_NODE),
      kept: new KeptFiles(() => settings.logRotation(node).maxFiles),
    };
    this.#nodes.set(node, known);
    return known;
  }
}

/** Lines without a place in the node's files are compared with these from their beginning; more go on as they came. */
const MOST_UNPLACED_BYTES = 1024 * 1024;

function isOfStream({ position, unprovenBytes }: LogPast): boolean {
  return position === undefined && unprovenBytes > MOST_UNPLACED_BYTES;
}
