import { FaroError } from '../../model/errors.ts';

/** One step of a path into a document: a field's name or an index. */
export type Step = string | number;

/** A part of the connection's settings with the places where its fields stand, for messages. */
export interface Entry<T> {
  readonly kind: 'cluster' | 'user' | 'context';
  /** Empty for one that only flags describe. */
  readonly name: string;
  readonly value: T;
  /** `/home/ada/.kube/config:12:5` of the field, or `--server` where a flag gave it; without a path: the entry's own. */
  at(...path: Step[]): string;
}

/** For messages: `user "ada"`. */
export function entryName(entry: Pick<Entry<unknown>, 'kind' | 'name'>): string {
  return entry.name === '' ? entry.kind : `${entry.kind} ${JSON.stringify(entry.name)}`;
}

/** An entry that stands in no file: flags may add to it. */
export function emptyEntry<T>(kind: Entry<T>['kind'], value: T): Entry<T> {
  return { kind, name: '', value, at: () => 'command line' };
}

/** The flags that are not named like their fields. */
const FLAG_NAMES: Readonly<Record<string, string>> = { 'as-groups': 'as-group' };

/** The entry with some fields replaced by flags. */
export function withFlags<T extends object>(entry: Entry<T>, flags: Partial<T>): Entry<T> {
  const flagOf = (field: Step | undefined): string | undefined =>
    field !== undefined && field in flags ? `--${FLAG_NAMES[field] ?? field}` : undefined;
  return {
    ...entry,
    value: { ...entry.value, ...flags },
    at: (...path) => flagOf(path[0]) ?? entry.at(...path),
  };
}

/** A fault of an entry: place, entry, what is wrong, and the way out. */
export function entryError(entry: Entry<unknown>, path: Step[], problem: string, hint: string): FaroError {
  return new FaroError('kubeconfig', `${entry.at(...path)}: ${entryName(entry)}: ${problem}`, { hint });
}
