import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../../src/demo/random.ts';
import { DEFAULT_LIMITS } from '../../../src/kube/limits.ts';
import type { Lane } from '../../../src/kube/transport/http.ts';
import { Transport } from '../../../src/kube/transport/transport.ts';
import { SEED } from '../../property.ts';
import { issue } from '../config-table/certificates.ts';
import { connectionTo, NEVER, SleepClock } from '../wire/client.ts';
import {
  askAll,
  bodyOf,
  type Dice,
  diceOf,
  fateOf,
  PROBE,
  PROBE_PATH,
  probe,
  type Question,
  ROUNDS,
  requestOf,
  within,
} from './troubled-questions.ts';
import { type Plan, TroubledServer } from './troubled-server.ts';

/**
 * Schedules of questions that seeds choose, of which many are in flight at once, are aborted, disposed, cut off at any byte
 * and answered slowly: each gets its own answer to the byte, or an error; none waits for ever, and nothing is left behind.
 * A question may come so often to connections that were closed, or replaced, just then that it is given up.
 */
const identity = await issue({ name: 'a server in trouble' });
const ada = await issue({ name: 'ada' });
const CLOSED = /a kept connection was closed|the connection was closed|the connections were replaced/;
const FILES = 8;

for (const { over, lanes, tls } of [
  { over: 'files over plain TCP', lanes: ['files'], tls: false },
  { over: 'files over TLS', lanes: ['files'], tls: true },
  { over: 'calls, logs and files in HTTP/1.1', lanes: ['api', 'logs', 'files'], tls: false },
] as const)
  test(`${over}: whatever happens, every question gets its own answer or an error, and leaves nothing behind`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) await play(SEED * 100_003 + round, { lanes, tls });
  });

async function play(seed: number, { lanes, tls }: { lanes: readonly Lane[]; tls: boolean }): Promise<void> {
  const dice = diceOf(seededRandom(seed));
  const plans = new Map<string, Plan>();
  const questions = questionsOf(seed, { dice, lanes, plans });
  await using server = await TroubledServer.start((path) => plans.get(path) ?? SHORT, tls ? identity : undefined);
  const connection = connectionTo({ url: server.url, ca: identity.cert });
  await using transport = new Transport(connection, new SleepClock(), DEFAULT_LIMITS);
  const pending = new Set<string>();
  const all = async () => {
    await askAll(transport, questions, { parallel: 2 + dice.below(7), pending });
    pending.add('room for files');
    const { length } = server.asked;
    await probe(transport, 'files', FILES);
    // Of these alone: the server may hear only now of a call that was aborted as soon as it was sent.
    const probes = server.asked.slice(length).filter((question) => question.startsWith(`GET ${PROBE_PATH} `));
    assert.ok(probes.length >= FILES, `seed ${seed}: ${probes.length} files were asked for`);
    // Node's own client says this of itself; it has what finds no room on the connections for files.
    const isElsewhere = probes.some((question) => /^connection: keep-alive/im.test(question));
    assert.ok(!isElsewhere, `seed ${seed}: room for a file was lost`);
    pending.add('the end of the connections that were replaced');
    const { body } = await transport.request(requestOf(PROBE_PATH, 'files'), { clientCertificate: identity }, NEVER);
    await body[Symbol.asyncDispose]();
    await server.has(1);
  };
  await within(all(), () => `seed ${seed}: ${[...pending].join(', ')} waited for ever`);
  await transport[Symbol.asyncDispose]();
  await within(server.has(0), () => `seed ${seed}: connections stay open behind the end`);
}

const SHORT: Plan = { body: Buffer.from(PROBE), framing: 'length', interim: 0, parts: 1, end: { type: 'kept' } };

function questionsOf(
  seed: number,
  { dice, lanes, plans }: { readonly dice: Dice; readonly lanes: readonly Lane[]; readonly plans: Map<string, Plan> },
): Question[] {
  const { below, pick } = dice;
  // Somewhere amid them the user's certificate is replaced, as a login helper does before one expires.
  const renewedAt = pick(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, below(16));
  return Array.from({ length: 8 + below(16) }, (_, id): Question => {
    const plan = planOf(id, dice);
    const { body, framing, end } = plan;
    const [path, lane] = [`/${id}`, pick(...lanes)];
    plans.set(path, plan);
    return {
      ...{ path, lane, body, fate: fateOf(dice), credentials: id < renewedAt ? {} : { clientCertificate: ada } },
      told: `seed ${seed}, ${path} over ${lane}, ${body.length} bytes by ${framing}, ${JSON.stringify(end)}`,
      isStalled: end.type === 'stalled',
      mayFail: (error) => 'after' in end || CLOSED.test(String(error)),
      mayBeShort: framing === 'close' && end.type === 'cut',
    };
  });
}

function planOf(id: number, dice: Dice): Plan {
  const { below, pick } = dice;
  const body = bodyOf(id, dice);
  const framing = pick('length', 'length', 'chunked', 'close');
  const plan = { body, framing, interim: pick(0, 0, 0, 1 + below(2)), parts: pick(1, 1, 1 + below(8)) } as const;
  // Cut where it matters as often as anywhere.
  const after = pick(below(200), below(200), below(body.length + 60), Math.max(0, body.length - below(10)));
  const type = pick('kept', 'kept', 'kept', 'told', 'behind', 'chatty', 'cut', 'stalled');
  if (type === 'cut' || type === 'stalled') return { ...plan, end: { type, after } };
  if (type === 'chatty') return { ...plan, body: body.subarray(0, 1000), framing: 'length', parts: 1, end: { type } };
  return { ...plan, end: { type } };
}
