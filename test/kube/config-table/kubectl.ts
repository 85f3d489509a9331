import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Flags, Stage, Verdict } from './row.ts';

/** How a client fared with a row. */
export interface Outcome {
  readonly verdict: Verdict;
  /** All that it said. */
  readonly output: string;
}

/** kubectl's executable: the test cluster's, as FARO_TEST_KUBECTL names it, or the one in PATH. */
export async function findKubectl(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const folders = (env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'kubectl'));
  for (const candidate of env.FARO_TEST_KUBECTL ? [env.FARO_TEST_KUBECTL] : folders) {
    if (
      await access(candidate, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return candidate;
  }
  return undefined;
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
export function runKubectl(kubectl: string, stage: Stage, { flags, env, inPod }: Run): Promise<Outcome> {
  const command = [kubectl, 'create', 'token', 'probe', '--request-timeout=10s', ...argumentsOf(flags)];
  const [file = '', ...args] = inPod ? ['unshare', '-m', 'sh', '-c', AS_POD, 'sh', ...command] : command;
  const options = { env: { ...env, FARO_POD: join(stage.folder, 'pod') }, cwd: stage.folder, timeout: 20_000 };
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
