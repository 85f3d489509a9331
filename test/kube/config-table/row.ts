import { stringify } from 'yaml';
import type { ConnectionOptions } from '../../../src/kube/connection.ts';
import type { Identity, People } from './certificates.ts';
import type { Seen } from './server.ts';

/** Longer than any client takes on a busy machine: only one that hangs is given up. */
export const PATIENCE_MS = 120_000;

/** What a row's files may speak of: the row's own server, proxies and folder, and everyone's secrets. */
export interface Stage {
  readonly people: People;
  /** The folder that holds the row's files; `config` in it is `~/.kube/config` as well. */
  readonly folder: string;
  /** `https://127.0.0.1:PORT`. */
  readonly server: string;
  readonly port: number;
  readonly plainPort: number;
  readonly proxies: { readonly http: number; readonly https: number; readonly socks: number };
}

/** The flags of a row, in the words of ConnectionOptions; kubectl gets its own names for them. */
export type Flags = Omit<ConnectionOptions, 'env' | 'clock' | 'interactive' | 'pluginStderr' | 'serviceAccount'>;

export interface Setup {
  /** Paths in the row's folder. Text that begins with `#!` becomes a program. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
  readonly flags?: Flags;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the row happens in a pod whose service account lies in `files` under `pod/`. */
  readonly inPod?: boolean;
  /** Whether Faro finds its files by HOME instead of --kubeconfig; the same for the others. */
  readonly byDefault?: boolean;
}

export type Verdict = 'connects' | 'fails';

export interface Row {
  readonly title: string;
  readonly setup: (stage: Stage) => Setup;
  /** Who the server sees; or what Faro says. */
  readonly expect: Partial<Seen> | RegExp;
  /** What kubectl does where that is not the same as Faro. */
  readonly kubectl?: Verdict;
  /** The minor version of kubectl that this is true of; not compared with an older one. */
  readonly kubectlSince?: number;
  /** What is known to be wrong elsewhere: the row is run, and its failure shown, without failing the tests. */
  readonly todo?: string;
  /** What a warning must say. */
  readonly warns?: RegExp;
  /** What the server sees of kubectl, where that differs. */
  readonly kubectlSees?: Partial<Seen>;
  /**
   * The files that are laid in the middle, while Faro's client lives: the server then proves itself by a certificate of
   * another authority, on new connections only. kubectl, which asks once, comes after that.
   */
  readonly rotation?: (stage: Stage) => Setup['files'];
  /** A file in which the row's plugin leaves JSON that must be the same for both. */
  readonly sameFile?: string;
}

type Fields = Record<string, unknown>;

export interface Parts {
  readonly cluster?: Fields;
  readonly user?: Fields | null;
  readonly context?: Fields;
  readonly more?: Fields;
}

/** A kubeconfig with one cluster, user and context (`dev`, `ada`, `main`), some fields of which are replaced. */
export function kubeconfig(stage: Stage, parts: Parts = {}): string {
  const { people, server } = stage;
  const trust =
    'certificate-authority' in (parts.cluster ?? {})
      ? {}
      : { 'certificate-authority-data': base64(people.authority.cert) };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'main',
    clusters: [{ name: 'dev', cluster: { server, ...trust, ...parts.cluster } }],
    users: [{ name: 'ada', user: parts.user === undefined ? { token: people.tokens.ada } : parts.user }],
    contexts: [{ name: 'main', context: { cluster: 'dev', user: 'ada', ...parts.context } }],
    ...parts.more,
  });
}

/** The row's one file, `config`, with some parts replaced. */
export function oneFile(parts: (stage: Stage) => Parts): (stage: Stage) => Setup {
  return (stage) => ({ files: { config: kubeconfig(stage, parts(stage)) } });
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** The fields of a user who has a client certificate in the file itself. */
export function certificateFields(identity: Identity): Fields {
  return { 'client-certificate-data': base64(identity.cert), 'client-key-data': base64(identity.key) };
}

/** A program that prints a text. */
export function program(text: string, before = ''): string {
  return `#!/bin/sh\n${before}cat <<'END'\n${text}\nEND\n`;
}
