import { parentPort } from 'node:worker_threads';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import type { ClientNodeJob } from './client-node.ts';
import type { Outcome } from './kubectl.ts';

const TIMEOUT_MS = 5_000;

async function run({ env, kubeconfig, context }: ClientNodeJob): Promise<Outcome> {
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  try {
    const config = new KubeConfig();
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
    if (context !== undefined) config.setCurrentContext(context);
    const namespace = config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
    const api = config.makeApiClient(CoreV1Api);
    const body = { spec: { audiences: [] } };
    const timeout = Promise.withResolvers<never>();
    const timer = setTimeout(() => timeout.reject(new Error('no answer')), TIMEOUT_MS);
    await Promise.race([api.createNamespacedServiceAccountToken({ name: 'probe', namespace, body }), timeout.promise]);
    clearTimeout(timer);
    return { verdict: 'connects', output: '' };
  } catch (error) {
    return { verdict: 'fails', output: String(error) };
  }
}

parentPort?.on('message', (job: ClientNodeJob) => void run(job).then((outcome) => parentPort?.postMessage(outcome)));
// A client that fails on the side must not end the others' thread.
process.on('uncaughtException', () => undefined);
