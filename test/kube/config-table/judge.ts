import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../../folder.ts';
import type { People } from './certificates.ts';
import type { ClientNode } from './client-node.ts';
import { type FaroOutcome, runFaro } from './faro.ts';
import { type Kubectl, type Outcome, runKubectl } from './kubectl.ts';
import { startProxies } from './proxies.ts';
import type { Flags, Row, Setup, Stage } from './row.ts';
import { type Seen, startServer } from './server.ts';

/** Who judges beside the row's own expectation. */
export interface Judges {
  readonly people: People;
  /** Tells the fragment of a secret that an output holds. */
  readonly leakOf: (output: string) => string | undefined;
  readonly kubectl: Kubectl | undefined;
  readonly podPossible: boolean;
  readonly clientNode: ClientNode;
}

/** How the clients fared; undefined for one that was not asked. */
export interface Verdicts {
  readonly faro: FaroOutcome;
  readonly kubectl: Outcome | undefined;
  readonly clientNode: Outcome | undefined;
}

interface Situation {
  readonly flags: Flags;
  readonly env: Readonly<Record<string, string>>;
  readonly inPod: boolean;
}

/** What a client left behind: the last request, whom the proxies were asked for, what the plugin wrote. */
interface Traces {
  readonly seen: Seen | undefined;
  readonly asked: ReadonlySet<string>;
  readonly file: unknown;
}

/** Lays a row's files, lets Faro and then the judges connect, and compares. */
export async function judge(row: Row, judges: Judges): Promise<Verdicts> {
  const folder = temporaryFolder('kubeconfig');
  await using api = await startServer(judges.people);
  await using proxies = await startProxies(api, judges.people);
  const { port, plainPort } = api;
  const stage = { people: judges.people, folder, server: `https://127.0.0.1:${port}`, port, plainPort, proxies };
  const traces = async (): Promise<Traces> => ({
    seen: api.take().at(-1),
    asked: new Set(proxies.take()),
    file: row.sameFile === undefined ? undefined : JSON.parse(await readFile(join(folder, row.sameFile), 'utf8')),
  });
  try {
    const setup = row.setup(stage);
    await lay(folder, setup.files);
    const situation = situationOf(setup, folder);
    const { rotation } = row;
    const rotate = async (): Promise<void> => {
      await lay(folder, rotation?.(stage));
      await api.rotate(judges.people.rotated);
    };
    const faro = await runFaro(stage, { ...situation, between: rotation && rotate });
    const traced = await traces();
    judgeFaro(row, { faro, seen: traced.seen, leakOf: judges.leakOf });
    const kubectl = await askKubectl(row, { ...judges, stage, situation });
    if (kubectl !== undefined) judgeByKubectl(row, { faro, kubectl }, { faro: traced, kubectl: await traces() });
    const clientNode = await askClientNode(judges.clientNode, situation);
    return { faro, kubectl, clientNode };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function lay(folder: string, files: Setup['files'] = {}): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    if (content.toString().startsWith('#!')) await chmod(path, 0o755);
  }
}

function situationOf(setup: Setup, folder: string): Situation {
  const inPod = setup.inPod === true;
  const finds = setup.byDefault === true || inPod ? {} : { kubeconfig: join(folder, 'config') };
  return {
    flags: { ...finds, ...setup.flags },
    env: { PATH: process.env.PATH ?? '', HOME: join(folder, 'home'), ...setup.env },
    inPod,
  };
}

function judgeFaro(
  row: Row,
  { faro, seen, leakOf }: { faro: FaroOutcome; seen: Seen | undefined; leakOf: Judges['leakOf'] },
): void {
  assert.equal(leakOf(faro.output), undefined, 'a secret, or a piece of one, was shown');
  if (row.expect instanceof RegExp) {
    assert.match(faro.error, row.expect);
    assert.doesNotMatch(faro.error, /^UNEXPECTED/);
  } else {
    assert.equal(faro.error, '');
    assert.partialDeepStrictEqual(seen, row.expect);
  }
  if (row.warns !== undefined) assert.match(faro.warnings.join('\n'), row.warns);
}

async function askKubectl(
  row: Row,
  { kubectl, podPossible, stage, situation }: Judges & { stage: Stage; situation: Situation },
): Promise<Outcome | undefined> {
  if (kubectl === undefined || kubectl.minor < (row.kubectlSince ?? 0)) return undefined;
  if (situation.inPod && !podPossible) return undefined;
  return runKubectl(kubectl, stage, situation);
}

/** The rule of the table: where kubectl connects, so does Faro, and the server sees the same of both. */
function judgeByKubectl(
  row: Row,
  { faro, kubectl }: { faro: FaroOutcome; kubectl: Outcome },
  traces: { faro: Traces; kubectl: Traces },
): void {
  assert.equal(kubectl.verdict, row.kubectl ?? faro.verdict, `kubectl ${kubectl.verdict}: ${kubectl.output}`);
  if (kubectl.verdict === 'fails') return;
  assert.equal(faro.verdict, 'connects', 'kubectl connects and Faro does not');
  assert.deepEqual(traces.faro.asked, traces.kubectl.asked, 'the proxy was asked for something else');
  assert.deepEqual(traces.faro.file, traces.kubectl.file, 'the plugin was told something else');
  if (row.kubectlSees === undefined) assert.deepEqual(traces.faro.seen, traces.kubectl.seen);
  else assert.partialDeepStrictEqual(traces.kubectl.seen, row.kubectlSees);
}

/** client-node knows a file and a context, and none of the other flags. */
async function askClientNode(clientNode: ClientNode, { flags, env, inPod }: Situation): Promise<Outcome | undefined> {
  const { kubeconfig, context, ...others } = flags;
  if (inPod || Object.keys(others).length > 0) return undefined;
  return clientNode.run({ env, kubeconfig, context });
}
