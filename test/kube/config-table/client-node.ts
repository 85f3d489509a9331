import { Worker } from 'node:worker_threads';
import type { Outcome } from './kubectl.ts';

export interface ClientNodeJob {
  readonly env: Readonly<Record<string, string>>;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
}

/** @kubernetes/client-node in a thread of its own, because it reads the environment of its process. */
export class ClientNode implements AsyncDisposable {
  readonly #worker: Worker;
  #turn: Promise<unknown> = Promise.resolve();

  constructor() {
    this.#worker = new Worker(new URL('./client-node-worker.ts', import.meta.url), {
      env: {},
      stdout: true,
      stderr: true,
    });
    this.#worker.unref();
  }

  /** One job after the other: they share an environment. */
  run(job: ClientNodeJob): Promise<Outcome> {
    const result = this.#turn.then(() => this.#send(job));
    this.#turn = result;
    return result;
  }

  #send(job: ClientNodeJob): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.#worker.once('message', resolve);
    this.#worker.postMessage(job);
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
