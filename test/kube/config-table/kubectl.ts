import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { isExecutable } from '../../../src/kube/auth/command.ts';
import { type Flags, PATIENCE_MS, type Stage, type Verdict } from './row.ts';

/** How a client fared with a row. */
export interface Outcome {
  readonly verdict: Verdict;
  /** All that it said. */
  readonly output: string;
}

/** kubectl: the one that FARO_TEST_KUBECTL names, the running test cluster's, or the first in PATH. */
export interface Kubectl {
  readonly path: string;
  /** Minor version: 37 for 1.37. One built without a version counts as the newest. */
  readonly minor: number;
}

export async function findKubectl(env: NodeJS.ProcessEnv): Promise<Kubectl | undefined> {
  const path = await pathOf(env);
  if (path === undefined) return undefined;
  const { promise, resolve } = Promise.withResolvers<string>();
  execFile(path, ['version', '--client'], (_error, stdout) => resolve(stdout));
  const [, minor] = /Version: v1\.(\d+)/.exec(await promise) ?? [];
  return { path, minor: minor === undefined ? Number.POSITIVE_INFINITY : Number(minor) };
}

async function pathOf(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  if (env.FARO_TEST_KUBECTL) return env.FARO_TEST_KUBECTL;
  const folders = [join(tmpdir(), 'faro-cluster-0/bin'), ...(env.PATH ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, 'kubectl')).find(isExecutable);
}

const FLAG_NAMES: Readonly<Record<keyof Flags, string>> = {
  kubeconfig: 'kubeconfig',
  context: 'context',
  cluster: 'cluster',
  user: 'user',
  namespace: 'namespace',
  server: 'server',
  tlsServerName: 'tls-server-name',
  insecureSkipTlsVerify: 'insecure-skip-tls-verify',
  certificateAuthority: 'certificate-authority',
  proxyUrl: 'proxy-url',
  token: 'token',
  clientCertificate: 'client-certificate',
  clientKey: 'client-key',
  as: 'as',
  asUid: 'as-uid',
  asGroup: 'as-group',
  asUserExtra: 'as-user-extra',
};

function argumentsOf(flags: Flags): string[] {
  return Object.entries(FLAG_NAMES).flatMap(([key, name]) => {
    const value = flags[key as keyof Flags];
    if (value === undefined) return [];
    if (Array.isArray(value)) return value.map((item) => `--${name}=${item}`);
    if (typeof value === 'object')
      return Object.entries(value).flatMap(([k, vs]) => vs.map((v: string) => `--${name}=${k}=${v}`));
    return [`--${name}=${value}`];
  });
}

/** Puts the row's service account where pods have it, in a mount namespace of its own. */
const AS_POD = `mount -t tmpfs tmpfs /run && mkdir -p /run/secrets/kubernetes.io &&
cp -r "$FARO_POD" /run/secrets/kubernetes.io/serviceaccount && exec "$@"`;

interface Run {
  readonly flags: Flags;
  readonly env: Readonly<Record<string, string>>;
  readonly inPod: boolean;
}

/** Sends `create token probe`, which needs no discovery and tells the namespace in its path. */
export function runKubectl(kubectl: Kubectl, stage: Stage, { flags, env, inPod }: Run): Promise<Outcome> {
  const command = [kubectl.path, 'create', 'token', 'probe', ...argumentsOf(flags)];
  const [file = '', ...args] = inPod ? ['unshare', '-m', 'sh', '-c', AS_POD, 'sh', ...command] : command;
  const options = { env: { ...env, FARO_POD: join(stage.folder, 'pod') }, cwd: stage.folder, timeout: PATIENCE_MS };
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const child = execFile(file, args, options, (error, stdout, stderr) => {
    resolve({ verdict: error === null && stdout.trim() === 'granted' ? 'connects' : 'fails', output: stdout + stderr });
  });
  child.stdin?.end();
  return promise;
}

/** Whether this machine lets a test pretend to be a pod. */
export function canBePod(): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  execFile('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs tmpfs /run'], (error) => resolve(error === null));
  return promise;
}
