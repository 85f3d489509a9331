import { dirname, resolve, sep } from 'node:path';
import { FaroError } from '../../model/errors.ts';
import { WrongType } from './decode.ts';
import { type Entry, entryName, type Step } from './place.ts';
import {
  type ClusterFields,
  type ContextFields,
  decodeKubeconfig,
  emptyCluster,
  emptyContext,
  emptyUser,
  type UserFields,
} from './schema.ts';
import { parseYaml, type YamlDocument } from './yaml.ts';

/** What one kubeconfig file says, or several merged. Paths in it are absolute. */
export interface Kubeconfig {
  readonly currentContext: { readonly name: string; readonly place: string } | undefined;
  readonly clusters: ReadonlyMap<string, Entry<ClusterFields>>;
  readonly users: ReadonlyMap<string, Entry<UserFields>>;
  readonly contexts: ReadonlyMap<string, Entry<ContextFields>>;
}

const HINT = 'Correct the file there, or name another one with --kubeconfig or KUBECONFIG.';

/** Parses one file; `file` is its name as the user gave it, which messages repeat. */
export function parseKubeconfig(bytes: Uint8Array, file: string): Kubeconfig {
  const document = parseYaml(bytes, file);
  const { apiVersion, kind, 'current-context': current, clusters, users, contexts } = decoded(document) ?? EMPTY;
  if (apiVersion !== undefined && apiVersion !== 'v1') throw foreign(document, 'apiVersion', apiVersion, 'v1');
  if (kind !== undefined && kind !== 'Config') throw foreign(document, 'kind', kind, 'Config');
  const folder = dirname(resolve(file));
  return {
    currentContext: current === undefined ? undefined : { name: current, place: document.at(['current-context']) },
    clusters: entriesOf({ document, kind: 'cluster' }, clusters, (item) =>
      clusterIn(folder, item.cluster ?? emptyCluster),
    ),
    users: entriesOf({ document, kind: 'user' }, users, (item) => userIn(folder, item.user ?? emptyUser)),
    contexts: entriesOf({ document, kind: 'context' }, contexts, (item) => item.context ?? emptyContext),
  };
}

function decoded(document: YamlDocument): ReturnType<typeof decodeKubeconfig> {
  try {
    return decodeKubeconfig(document.data);
  } catch (error) {
    throw error instanceof WrongType ? typeError(document, error) : error;
  }
}

const EMPTY = {
  apiVersion: undefined,
  kind: undefined,
  'current-context': undefined,
  clusters: [],
  users: [],
  contexts: [],
};

/** Merges files as kubectl does: of each name the first entry counts, whole; so does the first current-context. */
export function mergeKubeconfigs(files: readonly Kubeconfig[]): Kubeconfig {
  return {
    currentContext: files.find(({ currentContext }) => currentContext !== undefined)?.currentContext,
    clusters: firstOfEach(files.map(({ clusters }) => clusters)),
    users: firstOfEach(files.map(({ users }) => users)),
    contexts: firstOfEach(files.map(({ contexts }) => contexts)),
  };
}

function firstOfEach<T>(maps: readonly ReadonlyMap<string, T>[]): Map<string, T> {
  return new Map(maps.toReversed().flatMap((map) => [...map]));
}

function entriesOf<I extends { name: string | undefined }, T>(
  { document, kind }: { document: YamlDocument; kind: Entry<T>['kind'] },
  items: readonly (I | null)[],
  fieldsOf: (item: I) => T,
): Map<string, Entry<T>> {
  const entries = new Map<string, Entry<T>>();
  items.forEach((item, index) => {
    if (item === null) return;
    const name = item.name ?? '';
    const base = [`${kind}s`, index];
    const at = (...path: Step[]): string => document.at(path.length === 0 ? base : [...base, kind, ...path]);
    const earlier = entries.get(name);
    if (earlier !== undefined) throw duplicate(at(), entryName({ kind, name }), earlier.at());
    entries.set(name, { kind, name, value: fieldsOf(item), at });
  });
  return entries;
}

/** Relative paths are meant from the folder of the file that they stand in. */
function clusterIn(folder: string, cluster: ClusterFields): ClusterFields {
  return { ...cluster, 'certificate-authority': pathIn(folder, cluster['certificate-authority']) };
}

function userIn(folder: string, user: UserFields): UserFields {
  return {
    ...user,
    'client-certificate': pathIn(folder, user['client-certificate']),
    'client-key': pathIn(folder, user['client-key']),
    tokenFile: pathIn(folder, user.tokenFile),
    exec: user.exec && { ...user.exec, command: commandIn(folder, user.exec.command) },
  };
}

function pathIn(folder: string, path: string | undefined): string | undefined {
  return path && resolve(folder, path);
}

/** A command without a separator is looked for in PATH. */
function commandIn(folder: string, command: string | undefined): string | undefined {
  return command?.includes(sep) ? resolve(folder, command) : command;
}

function typeError(document: YamlDocument, { path, expected }: WrongType): FaroError {
  const found = typeName(path.reduce(childOf, document.data));
  const field = path.join('.').replaceAll(/\.(\d+)/g, '[$1]');
  const problem = `${field === '' ? 'the file' : field} must be ${expected}, not ${found}`;
  const hint = found === 'a number' || found === 'true or false' ? `Put the value in quotes. ${HINT}` : HINT;
  return new FaroError('kubeconfig', `${document.at(path)}: ${problem}`, { hint });
}

function childOf(value: unknown, step: Step): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined;
}

/** The kind of a value, never the value: it may be a secret. */
function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  const names: Record<string, string> = { string: 'text', boolean: 'true or false', number: 'a number' };
  return names[typeof value] ?? 'a map of fields';
}

function foreign(document: YamlDocument, field: string, found: string, wanted: string): FaroError {
  const problem = `${field} is ${JSON.stringify(found)}: this is no kubeconfig (${field}: ${wanted})`;
  return new FaroError('kubeconfig', `${document.at([field])}: ${problem}`, { hint: HINT });
}

function duplicate(place: string, name: string, earlier: string): FaroError {
  return new FaroError('kubeconfig', `${place}: ${name} is there a second time, after ${earlier}`, {
    hint: 'Within one file every name must be unique (over several files the first counts): rename or remove one.',
  });
}
