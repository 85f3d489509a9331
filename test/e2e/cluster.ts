import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../cluster/build.ts';
import { Cluster, IMAGE, obstacle } from '../cluster/cluster.ts';

/** The real cluster, as the tests use it. */
export interface RealCluster {
  readonly kubeconfig: string;
  readonly kubectlPath: string;
  kubectl(args: readonly string[], input?: object): Promise<string>;
}

/** Why tests on a real cluster are skipped here; false where they run. With CI=true they always do, or fail. */
export const skipped: string | false =
  process.env.FARO_TEST_KUBECONFIG !== undefined || process.env.CI === 'true' ? false : (obstacle() ?? false);

/** The cluster that FARO_TEST_KUBECONFIG names, else the project's own, which is started if need be. */
export async function realCluster(): Promise<RealCluster> {
  const { FARO_TEST_KUBECONFIG: given, FARO_TEST_KUBECTL: program = 'kubectl' } = process.env;
  const own = given === undefined ? await Cluster.start() : undefined;
  const kubeconfig = given ?? own?.kubeconfig ?? '';
  const kubectlPath = own?.kubectlPath ?? program;
  return {
    kubeconfig,
    kubectlPath,
    kubectl: (args, input) =>
      run(
        kubectlPath,
        ['--kubeconfig', kubeconfig, ...args],
        input === undefined ? {} : { input: JSON.stringify(input) },
      ),
  };
}

/** A namespace of one test; deleted at its end, without waiting for it. */
export interface TestNamespace extends AsyncDisposable {
  readonly name: string;
  readonly cluster: RealCluster;
  apply(object: object): Promise<void>;
  kubectl(...args: string[]): Promise<string>;
  /** Waits until kubectl's JSON of something meets a condition. */
  until(what: string, args: readonly string[], condition: (answer: Json) => boolean): Promise<Json>;
}

/** What the tests read of kubectl's JSON, of whatever kind of object. */
export interface Json {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly generation?: number;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly replicas?: number };
  readonly status: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
    readonly succeeded?: number;
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly ContainerJson[];
    readonly ephemeralContainerStatuses?: readonly ContainerJson[];
  };
  readonly items: readonly Json[];
}

interface ContainerJson {
  readonly name: string;
  readonly restartCount: number;
  readonly ready: boolean;
  readonly state: { readonly terminated?: object };
}

export async function testNamespace(title: string): Promise<TestNamespace> {
  const cluster = await realCluster();
  const name = `${title}-${randomBytes(3).toString('hex')}`;
  await cluster.kubectl(['create', 'namespace', name]);
  await retried('its service account', () => cluster.kubectl(['-n', name, 'get', 'serviceaccount', 'default']));
  return {
    name,
    cluster,
    async apply(object) {
      await cluster.kubectl(['-n', name, 'apply', '-f', '-'], object);
    },
    kubectl: (...args) => cluster.kubectl(['-n', name, ...args]),
    until: (what, args, condition) =>
      retried(what, async () => {
        const answer = JSON.parse(await cluster.kubectl(['-n', name, 'get', '-o', 'json', ...args])) as Json;
        if (!condition(answer)) throw new Error('not yet');
        return answer;
      }),
    async [Symbol.asyncDispose]() {
      await cluster.kubectl(['delete', 'namespace', name, '--wait=false']);
    },
  };
}

/** On a busy machine the cluster takes its time; a test's own limit is longer. */
const PATIENCE_MS = 120_000;
/** Each attempt is a process. */
const PAUSE_MS = 100;

export async function retried<T>(what: string, attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (cause) {
      if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`, { cause });
      await sleep(PAUSE_MS);
    }
  }
}

/** A container that runs the workload program. */
export function workload(name: string, args: string, more: object = {}): object {
  return { name, image: IMAGE, imagePullPolicy: 'Never', args: args.split(' '), ...more };
}
