import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Kubernetes versions that the test cluster can be; the first is the default. */
export const VERSIONS = ['1.37.2', '1.34.4'] as const;
export type Version = (typeof VERSIONS)[number];

/** Where the programs of one cluster are. */
export interface Binaries {
  /** etcd, the control plane, the kubelet and kubectl in one program, told apart by the name it is called by. */
  readonly kube: string;
  /** Folder of containerd, its shim, ctr and cni/. */
  readonly runtime: string;
  readonly workload: string;
}

/** A Go module that programs are built of. */
export interface Part {
  readonly name: string;
  /** Its folder. */
  readonly module: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments of each `go build`, run with the folder that the programs go to. */
  readonly builds: (out: string) => readonly (readonly string[])[];
}

const HERE = dirname(fileURLToPath(import.meta.url));
const CONTAINERD = 'github.com/containerd/containerd/v2/cmd';
const CNI = 'github.com/containernetworking/plugins/plugins';

/** Builds what is not in the cache yet: about 15 minutes for everything on two cores, nothing after that. */
export async function buildBinaries(version: Version): Promise<Binaries> {
  const workload = await buildPart({
    name: 'workload',
    module: join(HERE, 'workload'),
    env: { CGO_ENABLED: '0' },
    builds: (out) => [['-o', join(out, 'workload'), '.']],
  });
  const runtime = await buildPart({
    name: 'containerd and CNI plugins',
    module: join(HERE, 'runtime'),
    builds: (out) => [
      [
        '-tags',
        'no_btrfs no_devmapper no_zfs',
        '-o',
        `${out}/`,
        ...['containerd', 'containerd-shim-runc-v2', 'ctr'].map((name) => `${CONTAINERD}/${name}`),
      ],
      ['-o', `${out}/cni/`, `${CNI}/main/bridge`, `${CNI}/main/loopback`, `${CNI}/ipam/host-local`],
    ],
  });
  const kube = await buildPart({
    name: `Kubernetes ${version}`,
    module: join(HERE, `kube-${version}`),
    builds: (out) => [['-ldflags', versionFlags(version), '-o', join(out, 'kube'), '.']],
  });
  return { kube: join(kube, 'kube'), runtime, workload: join(workload, 'workload') };
}

/** Without them the server does not say its version, and clients cannot parse it. */
function versionFlags(version: Version): string {
  const [major, minor] = version.split('.');
  const values = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  return Object.entries(values)
    .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
    .join(' ');
}

/** Builds a part, if need be; the name of the folder with its programs holds a hash of the sources, so that a change builds anew. */
export async function buildPart(part: Part): Promise<string> {
  const source = part.module;
  const target = join(cacheFolder(), `${basename(part.module)}-${await hashOf(source)}`);
  if (existsSync(target)) return target;
  await mkdir(cacheFolder(), { recursive: true });
  const work = await mkdtemp(join(cacheFolder(), '.build-'));
  try {
    await cp(source, join(work, 'src'), { recursive: true });
    await mkdir(join(work, 'out/cni'), { recursive: true });
    for (const args of part.builds(join(work, 'out'))) await goBuild(part, args, join(work, 'src'));
    // Whole or not there: another process may build the same at the same time.
    await rename(join(work, 'out'), target).catch((error: unknown) => {
      if (!existsSync(target)) throw error;
    });
    return target;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function cacheFolder(): string {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return process.env.FARO_CLUSTER_CACHE ?? join(cache, 'faro-cluster');
}

async function hashOf(folder: string): Promise<string> {
  const hash = createHash('sha256').update(process.arch);
  for (const name of (await readdir(folder)).sort()) hash.update(name).update(await readFile(join(folder, name)));
  return hash.digest('hex').slice(0, 12);
}

async function goBuild({ name, env }: Part, args: readonly string[], cwd: string): Promise<void> {
  const startedAt = Date.now();
  const say = (what: string) =>
    process.stderr.write(`test cluster: ${what} (${Math.round((Date.now() - startedAt) / 1000)} s)\n`);
  say(`building ${name}`);
  const ticker = setInterval(() => say(`still building ${name}`), 30_000);
  try {
    await run('go', ['build', ...args], { cwd, env: { ...process.env, GOFLAGS: '-mod=mod', ...env } });
  } finally {
    clearInterval(ticker);
  }
  say(`built ${name}`);
}

/** Runs a program to its end; what it says is in the error if it fails. */
export function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  child.on('error', reject);
  child.on('close', (code, signal) => {
    if (code === 0) resolve(Buffer.concat(output).toString());
    else
      reject(
        new Error(
          `${command} ${args.slice(0, 3).join(' ')} failed (${code ?? signal}):\n${Buffer.concat(errors).toString().slice(-4000)}`,
        ),
      );
  });
  child.stdin.on('error', () => undefined); // a program may end without reading its input
  child.stdin.end(options.input);
  return promise;
}
