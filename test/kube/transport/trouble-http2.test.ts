import { constants } from 'node:http2';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { seededRandom } from '../../../src/demo/random.ts';
import { DEFAULT_LIMITS } from '../../../src/kube/limits.ts';
import { Transport } from '../../../src/kube/transport/transport.ts';
import { SEED } from '../../property.ts';
import { issue } from '../config-table/certificates.ts';
import { connectionTo, NEVER, SleepClock } from '../wire/client.ts';
import { type Exchange, TestServer } from '../wire/server.ts';
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

const { NGHTTP2_INTERNAL_ERROR, NGHTTP2_REFUSED_STREAM, NGHTTP2_CANCEL } = constants;
const identity = await issue({ name: 'a server in trouble' });
const ada = await issue({ name: 'ada' });

/** How one stream is answered, each time that it is asked for. */
interface Plan {
  readonly body: Buffer;
  /** Sent in so many parts, with turns of the event loop in between. */
  readonly parts: number;
  readonly end:
    | { readonly type: 'whole' }
    /** Not begun with, the first times that it is asked. */
    | { readonly type: 'refused'; readonly times: number }
    | { readonly type: 'reset'; readonly after: number; readonly code: number }
    | { readonly type: 'stalled'; readonly after: number }
    /** The connection takes no new streams from then on, or is cut. */
    | { readonly type: 'goaway' }
    | { readonly type: 'cut'; readonly after: number };
}

test('streams of HTTP/2: whatever happens, every question gets its own answer or an error, and leaves nothing behind', async () => {
  for (let round = 0; round < ROUNDS; round += 1) await play(SEED * 100_003 + round);
});

async function play(seed: number): Promise<void> {
  const dice = diceOf(seededRandom(seed));
  const plans = new Map<string, Plan>();
  const questions = questionsOf(seed, { dice, plans });
  await using server = await TestServer.start({ identity });
  const asked = new Map<string, number>();
  server.handle = (exchange) => {
    const path = exchange.url.pathname;
    const plan = plans.get(path);
    asked.set(path, (asked.get(path) ?? 0) + 1);
    return plan === undefined ? exchange.send(200, PROBE) : answer(exchange, plan, asked.get(path) ?? 1);
  };
  // Not the server's limit: that of Node's own counts streams that its client has long reset.
  const limits = { ...DEFAULT_LIMITS, streamsPerConnection: dice.pick(1, 2, 5, 90) };
  await using transport = new Transport(connectionTo(server), new SleepClock(), limits);
  const pending = new Set<string>();
  const all = async () => {
    await askAll(transport, questions, { parallel: 2 + dice.below(7), pending });
    pending.add('room for streams');
    await probe(transport, 'api', 8);
    pending.add('the end of the connections that were replaced');
    const { body } = await transport.request(requestOf(PROBE_PATH, 'api'), { clientCertificate: identity }, NEVER);
    for await (const _ of body);
    await server.has(1);
  };
  await within(all(), () => `seed ${seed}: ${[...pending].join(', ')} waited for ever`);
  await transport[Symbol.asyncDispose]();
  await within(server.deserted(), () => `seed ${seed}: connections stay open behind the end`);
}

function questionsOf(
  seed: number,
  { dice, plans }: { readonly dice: Dice; readonly plans: Map<string, Plan> },
): Question[] {
  const { below, pick } = dice;
  const isCalm = below(2) === 0; // no connection ends, and nothing that others do is felt
  const renewedAt = isCalm ? Number.POSITIVE_INFINITY : pick(Number.POSITIVE_INFINITY, below(16));
  return Array.from({ length: 8 + below(16) }, (_, id): Question => {
    const plan = planOf(id, { dice, isCalm });
    const { body, end } = plan;
    const [path, lane] = [`/${id}`, pick('api' as const, 'logs' as const)];
    plans.set(path, plan);
    const isGivenUp = end.type === 'refused' && end.times >= 3;
    return {
      ...{ path, lane, body, fate: fateOf(dice), credentials: id < renewedAt ? {} : { clientCertificate: ada } },
      told: `seed ${seed}, ${path} over ${lane}, ${body.length} bytes, ${JSON.stringify(end)}${isCalm ? ', calm' : ''}`,
      isStalled: end.type === 'stalled',
      mayFail: () => !isCalm || isGivenUp || 'after' in end,
      mayBeShort: false,
    };
  });
}

function planOf(id: number, { dice, isCalm }: { readonly dice: Dice; readonly isCalm: boolean }): Plan {
  const { below, pick } = dice;
  const plan = { body: bodyOf(id, dice), parts: pick(1, 1, 1 + below(8)) };
  // Never behind the last byte: the end of the stream would have come with it.
  const after = Math.max(0, pick(0, below(200), below(plan.body.length), plan.body.length - 1 - below(10)));
  const isEmpty = plan.body.length === 0;
  switch (
    pick('whole', 'whole', 'whole', 'refused', 'reset', 'stalled', ...(isCalm ? [] : (['goaway', 'cut'] as const)))
  ) {
    case 'refused':
      return { ...plan, end: { type: 'refused', times: 1 + below(3) } };
    case 'reset':
      return {
        ...plan,
        end: { type: 'reset', after, code: pick(NGHTTP2_INTERNAL_ERROR, NGHTTP2_CANCEL) },
      };
    case 'stalled':
      return { ...plan, end: isEmpty ? { type: 'whole' } : { type: 'stalled', after } };
    case 'goaway':
      return { ...plan, end: { type: 'goaway' } };
    case 'cut':
      return { ...plan, end: { type: 'cut', after } };
    default:
      return { ...plan, end: { type: 'whole' } };
  }
}

async function answer(exchange: Exchange, { body, parts, end }: Plan, asked: number): Promise<void> {
  if (end.type === 'refused' && asked <= end.times) return exchange.reset(NGHTTP2_REFUSED_STREAM);
  if (end.type === 'goaway') exchange.session.close();
  exchange.begin(200, {});
  const bytes = 'after' in end ? body.subarray(0, end.after) : body;
  const size = Math.ceil(bytes.length / parts);
  for (let at = 0; at < bytes.length; at += size) {
    await exchange.write(bytes.subarray(at, at + size));
    for (let turns = 0; parts > 1 && turns < 3; turns += 1) await turn();
  }
  if (end.type === 'reset') exchange.reset(end.code);
  else if (end.type === 'cut') exchange.cut();
  else if (end.type !== 'stalled') exchange.end();
}
