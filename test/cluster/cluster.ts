import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Binaries, buildBinaries, run, VERSIONS, type Version } from './build.ts';
import { compactHistory } from './etcd.ts';
import { writeImage } from './image.ts';
import { makePki, renewCertificate, writeKubeconfig } from './pki.ts';
import { pidOf, start, stop, stopShims } from './processes.ts';
import {
  addresses,
  type ClusterPlace,
  type ClusterSettings,
  cgroupRoot,
  cniConfig,
  componentArgs,
  containerdConfig,
  kubeletConfig,
  PAUSE_IMAGE,
} from './settings.ts';

export interface ClusterOptions {
  readonly version?: Version;
  /** Clusters of different numbers (0 to 9) run beside each other. */
  readonly number?: number;
  readonly settings?: Partial<ClusterSettings>;
}

/** The image that pods of tests run: its entrypoint is the workload program. */
export const IMAGE = 'faro.test/workload:1';

/** In the order in which they are started. */
const COMPONENTS = [
  'etcd',
  'kube-apiserver',
  'containerd',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
] as const;
export type Component = (typeof COMPONENTS)[number];

/** What is in the way of a cluster on this machine; undefined if nothing is. */
export function obstacle(): string | undefined {
  if (process.platform !== 'linux') return 'the test cluster needs Linux';
  if (process.getuid?.() !== 0) return 'the test cluster needs root';
  return undefined;
}

/** A real single-node Kubernetes: etcd, control plane, kubelet, containerd. */
export class Cluster implements AsyncDisposable {
  readonly #place: ClusterPlace;
  readonly #binaries: Binaries;
  #settings: ClusterSettings;

  private constructor(place: ClusterPlace, binaries: Binaries, settings: ClusterSettings) {
    this.#place = place;
    this.#binaries = binaries;
    this.#settings = settings;
  }

  /** Starts it, or takes the one that runs with the same settings. */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const reason = obstacle();
    if (reason !== undefined) throw new Error(reason);
    const version = options.version ?? VERSIONS[0];
    await installPackages();
    const binaries = await buildBinaries(version);
    const place = { folder: folderOf(options), number: options.number ?? 0 };
    const settings = { logMaxSize: '10Mi', logMaxFiles: 5, apiserverArgs: [], ...options.settings };
    const cluster = new Cluster(place, binaries, settings);
    if (!(await cluster.#isRunning())) await cluster.#bringUp();
    return cluster;
  }

  /** Whether a cluster of this number runs on this machine. */
  static isUp(options: ClusterOptions = {}): boolean {
    return COMPONENTS.every((name) => pidOf(folderOf(options), name) !== undefined);
  }

  /** Ends the cluster in a folder, running or left over from a machine's end; nothing of it stays. */
  static async stop(options: ClusterOptions = {}): Promise<void> {
    const place = { folder: folderOf(options), number: options.number ?? 0 };
    for (const name of COMPONENTS.toReversed()) if (name !== 'containerd') await stop(place.folder, name);
    await stopShims(place.folder);
    await stop(place.folder, 'containerd');
    await unmount(place.folder);
    for (const device of [addresses(place).bridge, addresses(place).podBridge])
      await run('ip', ['link', 'del', device]).catch(() => undefined); // not there
    await rm(place.folder, { recursive: true, force: true });
  }

  get kubeconfig(): string {
    return join(this.#place.folder, 'admin.kubeconfig');
  }

  /** The path of kubectl. */
  get kubectlPath(): string {
    return join(this.#place.folder, 'bin/kubectl');
  }

  get folder(): string {
    return this.#place.folder;
  }

  pid(component: Component): number | undefined {
    return pidOf(this.#place.folder, component);
  }

  /** Runs kubectl as the administrator; `input` is its standard input. */
  kubectl(args: readonly string[], input?: string): Promise<string> {
    return run(this.kubectlPath, ['--kubeconfig', this.kubeconfig, ...args], input === undefined ? {} : { input });
  }

  /** Ends one component and starts it again, with other settings if given, and waits until it serves. */
  async restart(component: Component, settings: Partial<ClusterSettings> = {}): Promise<void> {
    this.#settings = { ...this.#settings, ...settings };
    await stop(this.#place.folder, component);
    await this.#writeConfigs();
    this.#start(component);
    await this.#ready();
  }

  /** Restarts a component as another version of it, on what the one before has left. */
  async upgrade(component: Exclude<Component, 'containerd'>, version: Version): Promise<void> {
    const { kube } = await buildBinaries(version);
    const link = join(this.#place.folder, 'bin', component);
    await rm(link);
    await symlink(kube, link);
    await this.restart(component);
  }

  /** Restarts the API server with a new certificate, of the same authority. */
  async renewServerCertificate(): Promise<void> {
    await renewCertificate(join(this.#place.folder, 'pki'), addresses(this.#place).nodeIp, 'apiserver');
    await this.restart('kube-apiserver');
  }

  /** Etcd keeps no history; the API server, which remembers some of it, is restarted. */
  async forgetHistory(): Promise<void> {
    await compactHistory(addresses(this.#place).etcd);
    await this.restart('kube-apiserver');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Cluster.stop({ number: this.#place.number });
  }

  async #isRunning(): Promise<boolean> {
    const { folder } = this.#place;
    const file = join(folder, 'settings.json');
    const isSame = existsSync(file) && readFileSync(file, 'utf8') === this.#fingerprint();
    return isSame && COMPONENTS.every((name) => pidOf(folder, name) !== undefined);
  }

  async #bringUp(): Promise<void> {
    const { folder, number } = this.#place;
    await Cluster.stop({ number });
    await allowManyFollowers();
    for (const name of ['log', 'bin', 'cni', 'manifests']) await mkdir(join(folder, name), { recursive: true });
    for (const name of [...COMPONENTS, 'kubectl'])
      if (name !== 'containerd') await symlink(this.#binaries.kube, join(folder, 'bin', name));
    await makePki(join(folder, 'pki'), addresses(this.#place).nodeIp);
    for (const user of ['admin', 'controller-manager', 'scheduler', 'node'])
      await writeKubeconfig(join(folder, `${user}.kubeconfig`), join(folder, 'pki'), {
        user,
        server: addresses(this.#place).apiserver,
      });
    await this.#writeConfigs();
    await this.#addBridge();
    if (number > 0) await makeCgroups(cgroupRoot(this.#place));
    for (const name of ['etcd', 'kube-apiserver', 'containerd'] as const) this.#start(name);
    await this.#until('the API server is ready', () => this.kubectl(['get', '--raw', '/readyz']));
    await this.#importImage();
    for (const name of ['kube-controller-manager', 'kube-scheduler', 'kubelet'] as const) this.#start(name);
    await this.#ready();
    await writeFile(join(folder, 'settings.json'), this.#fingerprint());
  }

  async #ready(): Promise<void> {
    await this.#until('the API server is ready', () => this.kubectl(['get', '--raw', '/readyz']));
    await this.#until('the node is ready', () =>
      this.kubectl(['wait', '--for=condition=Ready', 'node/node1', '--timeout=1s']),
    );
    await this.#until('the default service account exists', () => this.kubectl(['get', 'serviceaccount', 'default']));
  }

  #start(component: Component): void {
    const { folder } = this.#place;
    const env = { ...process.env, PATH: `${this.#binaries.runtime}:${process.env.PATH ?? ''}` };
    const isRuntime = component === 'containerd';
    const program = isRuntime ? join(this.#binaries.runtime, 'containerd') : join(folder, 'bin', component);
    const args = isRuntime
      ? ['-c', join(folder, 'containerd.toml')]
      : (componentArgs(this.#place, this.#settings)[component] ?? []);
    const [command = program, ...all] = [...this.#mountsFor(component), program, ...args];
    start(folder, component, command, all, env);
  }

  /**
   * A kubelet removes every folder of /var/log/pods that is of none of its pods, once a minute: those of another cluster,
   * too. So the runtime of each has mounts of its own, with its own folder there, and its kubelet shares them.
   */
  #mountsFor(component: Component): string[] {
    const { folder } = this.#place;
    const logs = join(folder, 'pods');
    if (component === 'containerd') {
      const mount = `mkdir -p ${logs} /var/log/pods && mount --bind ${logs} /var/log/pods && exec "$@"`;
      return ['unshare', '--mount', 'sh', '-c', mount, 'sh'];
    }
    const runtime = pidOf(folder, 'containerd');
    return component === 'kubelet' && runtime !== undefined ? ['nsenter', `--mount=/proc/${runtime}/ns/mnt`] : [];
  }

  async #writeConfigs(): Promise<void> {
    const { folder } = this.#place;
    await writeFile(join(folder, 'kubelet.json'), JSON.stringify(kubeletConfig(this.#place, this.#settings)));
    await writeFile(join(folder, 'containerd.toml'), containerdConfig(this.#place, this.#binaries.runtime));
    await writeFile(join(folder, 'cni/10-faro.conflist'), JSON.stringify(cniConfig(this.#place)));
  }

  /** The node needs an address that is not loopback; a bridge without ports has one and leads nowhere. */
  async #addBridge(): Promise<void> {
    const { bridge, nodeIp } = addresses(this.#place);
    await run('ip', ['link', 'add', bridge, 'type', 'bridge']);
    await run('ip', ['addr', 'add', `${nodeIp}/32`, 'dev', bridge]);
    await run('ip', ['link', 'set', bridge, 'up']);
  }

  async #importImage(): Promise<void> {
    const ctr = join(this.#binaries.runtime, 'ctr');
    const socket = join(this.#place.folder, 'containerd.sock');
    // The sandbox runs an image without arguments: there the program is called `pause`, and waits.
    for (const [name, reference] of [
      ['workload', IMAGE],
      ['pause', PAUSE_IMAGE],
    ] as const) {
      const archive = join(this.#place.folder, `${name}.tar`);
      await writeImage(archive, reference, { file: this.#binaries.workload, path: `/bin/${name}` });
      await this.#until('containerd takes the image', () =>
        run(ctr, ['-a', socket, '-n', 'k8s.io', 'images', 'import', archive]),
      );
    }
  }

  #fingerprint(): string {
    return JSON.stringify({ binaries: this.#binaries, settings: this.#settings });
  }

  /** Tries until it works; a component that died, or a minute in vain, is an error that shows its log. */
  async #until(what: string, attempt: () => Promise<unknown>): Promise<void> {
    const deadline = Date.now() + 90_000;
    for (;;) {
      try {
        await attempt();
        return;
      } catch (error) {
        const dead = COMPONENTS.find(
          (name) => existsSync(join(this.#place.folder, `${name}.pid`)) && this.pid(name) === undefined,
        );
        if (dead === undefined && Date.now() < deadline) await sleep(100);
        else
          throw new Error(`test cluster: waited in vain until ${what}: ${String(error)}${await this.#logTail(dead)}`);
      }
    }
  }

  async #logTail(component: Component | undefined): Promise<string> {
    if (component === undefined) return '';
    const log = await readFile(join(this.#place.folder, 'log', `${component}.log`), 'utf8');
    return `\n${component} has ended; the end of its log:\n${log.slice(-2000)}`;
  }
}

function folderOf({ number = 0 }: ClusterOptions): string {
  return join(tmpdir(), `faro-cluster-${number}`);
}

async function unmount(folder: string): Promise<void> {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[1] ?? []);
  for (const mount of mounts.filter((path) => path.startsWith(`${folder}/`)).reverse())
    await run('umount', ['-l', mount]);
}

/** The kubelet does not make its root cgroup itself. Under cgroup v1 each controller has a tree of its own. */
async function makeCgroups(root: string): Promise<void> {
  for (const controller of readdirSync('/sys/fs/cgroup', { withFileTypes: true })) {
    if (!controller.isDirectory()) continue;
    const parent = join('/sys/fs/cgroup', controller.name);
    await mkdir(join(parent, root), { recursive: true });
    // A new cpuset is empty, and nothing can run in it.
    for (const file of controller.name === 'cpuset' ? ['cpuset.cpus', 'cpuset.mems'] : [])
      await writeFile(join(parent, root, file), await readFile(join(parent, file)));
  }
}

/** Debian's names of what the cluster needs beside its own programs. */
const PACKAGES = { runc: 'runc', ip: 'iproute2', openssl: 'openssl', go: 'golang' };

async function installPackages(): Promise<void> {
  const isThere = (program: string) =>
    (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)));
  const missing = Object.entries(PACKAGES).flatMap(([program, name]) => (isThere(program) ? [] : [name]));
  if (missing.length === 0) return;
  if (missing.includes('golang'))
    throw new Error('the test cluster is built with Go 1.26 or newer, which is not on this machine');
  if (!isThere('apt-get')) throw new Error(`the test cluster needs ${missing.join(', ')}: install them`);
  process.stderr.write(`test cluster: installing ${missing.join(', ')}\n`);
  await run('apt-get', ['update', '-q']);
  await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...missing]);
}

/** What a kernel allows each user, 128 by default, of which the kubelet takes one for each followed log. */
const INOTIFY_INSTANCES = '/proc/sys/fs/inotify/max_user_instances';

/** As images of nodes do; where the machine does not let it, some streams end at once, and recorders do without. */
async function allowManyFollowers(): Promise<void> {
  if (Number(await readFile(INOTIFY_INSTANCES, 'utf8')) < 8192)
    await writeFile(INOTIFY_INSTANCES, '8192').catch(() => undefined);
}
