import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { buildPart } from '../../test/cluster/build.ts';
import { installedCommand } from '../command.ts';
import type { WatcherProgram } from './watcher.ts';

/** Where a program watches, and a folder for what it writes. */
export interface WatchPlace {
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly folder: string;
}

/** Builds the client-go informer, or takes it from the cache. */
export async function buildInformer(): Promise<string> {
  const out = await buildPart({
    name: 'the client-go informer',
    module: fileURLToPath(new URL('../informer', import.meta.url)),
    builds: (folder) => [['-o', join(folder, 'informer'), '.']],
  });
  return join(out, 'informer');
}

const INFORMERS = {
  metadata: { name: 'metadata', flags: ['-metadata'] },
  'metadata and web': { name: "metadata, and web's pods whole", flags: ['-metadata', '-whole', 'app=web'] },
  whole: { name: 'whole objects', flags: [] },
} as const;

/** An informer of the namespace's pods: of metadata, of metadata beside one of web's whole pods, or of whole objects. */
export function informer(command: string, place: WatchPlace, detail: keyof typeof INFORMERS): WatcherProgram {
  const { name, flags } = INFORMERS[detail];
  return {
    name: `client-go informer, ${name}`,
    command,
    args: ['-kubeconfig', place.kubeconfig, '-namespace', place.namespace, ...flags],
    ready: { on: 'stdout', text: 'synced' },
    async notices(stdout) {
      const heard = JSON.parse(stdout.slice(stdout.indexOf('\n'))) as Record<string, number>;
      return new Map(Object.entries(heard));
    },
  };
}

export function kubectl(command: string, { kubeconfig, namespace }: WatchPlace, lastPod: string): WatcherProgram {
  return {
    name: 'kubectl get pods --watch -o json',
    command,
    args: ['get', 'pods', '--watch', '-o', 'json', '-n', namespace, '--kubeconfig', kubeconfig],
    ready: { on: 'stdout', text: `"name": "${lastPod}"` },
  };
}

const COMMAND = await installedCommand();

/** `faro capture` of the targets; when it heard of a state is what its story says. */
export function faro(targets: readonly string[], { kubeconfig, namespace, folder }: WatchPlace): WatcherProgram {
  const story = join(folder, `story-${targets.length}.json`);
  const how = ['--log-level', 'info', '--log-format', 'json', '--force', '--drain', '0s'];
  return {
    name: `faro capture ${targets.join(' ')}`,
    command: process.execPath,
    args: [COMMAND, 'capture', ...targets, '-o', story, '-n', namespace, '--kubeconfig', kubeconfig, ...how],
    ready: { on: 'stderr', text: '"msg":"recording"' },
    notices: () => observedIn(story),
    foundAt: (pods) => foundIn(story, pods),
  };
}

/** When the last of the pods was found. */
async function foundIn(story: string, pods: readonly string[]): Promise<number> {
  const found = new Map<string, number>();
  for await (const line of createInterface({ input: createReadStream(story) })) {
    const name = /"action":"(?:found|created)".*?"metadata":\{"name":"([^"]+)"/.exec(line)?.[1];
    const observed = /"observed":"([^"]+)"/.exec(line)?.[1];
    if (name !== undefined && observed !== undefined) found.set(name, Date.parse(observed));
  }
  return Math.max(...pods.map((pod) => found.get(pod) ?? Number.NaN));
}

/** The writer puts each entry of the timeline on a line of its own. */
async function observedIn(story: string): Promise<ReadonlyMap<string, number>> {
  const seen = new Map<string, number>();
  for await (const line of createInterface({ input: createReadStream(story) })) {
    const version = /"resourceVersion":"(\d+)"/.exec(line)?.[1];
    const observed = /"observed":"([^"]+)"/.exec(line)?.[1];
    if (version !== undefined && observed !== undefined) seen.set(version, Date.parse(observed));
  }
  return seen;
}
