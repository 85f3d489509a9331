import { join } from 'node:path';
import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import { createClient, type KubeClient } from '../../../src/kube/client.ts';
import { type Connection, type ConnectionOptions, loadConnection } from '../../../src/kube/connection.ts';
import { FaroError } from '../../../src/model/errors.ts';
import type { Clock } from '../../../src/model/time.ts';
import type { Outcome } from './kubectl.ts';
import { type Flags, PATIENCE_MS, type Stage } from './row.ts';

const clock: Clock = {
  now: () => Date.now(),
  sleep: async (_ms, signal) => signal?.throwIfAborted(),
};

interface Run {
  readonly flags: Flags;
  readonly env: Readonly<Record<string, string>>;
  /** What happens between two requests; without it there is only one. */
  readonly between?: (() => Promise<void>) | undefined;
}

/** What Faro says to a person of an error, and beside it all that a careless log line would show of it. */
function everythingAbout(error: unknown): string {
  return inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true, maxStringLength: null });
}

export interface FaroOutcome extends Outcome {
  readonly error: string;
  readonly warnings: readonly string[];
}

/** Sends what kubectl sends, through Faro's own connection and client. */
export async function runFaro(stage: Stage, { flags, env, between }: Run): Promise<FaroOutcome> {
  const said: string[] = [];
  const pluginStderr = new Writable({ write: (chunk, _encoding, done) => done(void said.push(String(chunk))) });
  const serviceAccount = join(stage.folder, 'pod');
  const options: ConnectionOptions = { ...flags, env, clock, interactive: false, pluginStderr, serviceAccount };
  const warnings: string[] = [];
  try {
    const connection = await loadConnection(options);
    warnings.push(...connection.warnings);
    await probe(connection, between);
    return { verdict: 'connects', output: [...warnings, ...said].join('\n'), error: '', warnings };
  } catch (error) {
    const message =
      error instanceof FaroError ? `${error.message}\n${error.hint ?? ''}` : `UNEXPECTED ${String(error)}`;
    return {
      verdict: 'fails',
      output: [...warnings, ...said, everythingAbout(error)].join('\n'),
      error: message,
      warnings,
    };
  }
}

async function probe(connection: Connection, between: Run['between']): Promise<void> {
  await using client = createClient(connection, { clock });
  await post(client, connection);
  if (between === undefined) return;
  await between();
  await post(client, connection);
}

async function post(client: KubeClient, connection: Connection): Promise<void> {
  const path = `/api/v1/namespaces/${connection.namespace}/serviceaccounts/probe/token`;
  await client.postJson(
    path,
    { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest' },
    AbortSignal.timeout(PATIENCE_MS),
  );
}
