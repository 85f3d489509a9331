import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import type { Credentials } from '../../../src/kube/connection.ts';
import type { HttpRequest, Lane } from '../../../src/kube/transport/http.ts';
import type { Transport } from '../../../src/kube/transport/transport.ts';
import { TIMES } from '../../property.ts';
import { NEVER } from '../wire/client.ts';

/** Schedules that each test plays. */
export const ROUNDS = 12 * TIMES;
/** Far more than a round takes: of what has not ended by then nobody will hear. */
const FOR_EVER_MS = 60_000;
/** Of an answer that stalls. */
const SILENCE_MS = 30;

/** What becomes of an answer on its reader's side. */
export type Fate =
  /** Read to its end, with turns of the event loop between the pieces; and disposed once more, later. */
  | { readonly type: 'read'; readonly isLent: boolean; readonly turns: number; readonly isDisposedLate: boolean }
  | { readonly type: 'disposed'; readonly afterPieces: number }
  | { readonly type: 'aborted'; readonly afterTurns: number };

export interface Question {
  readonly path: string;
  readonly lane: Lane;
  /** What is to come. */
  readonly body: Buffer;
  readonly fate: Fate;
  readonly credentials: Credentials;
  /** Nothing tells its end but the server's silence. */
  readonly isStalled: boolean;
  /** Its server's doings, as a message shows them. */
  readonly told: string;
  /** Whether it may come to such an error, its caller's own abort aside. */
  readonly mayFail: (error: unknown) => boolean;
  /** Only the connection's end tells that of the answer. */
  readonly mayBeShort: boolean;
}

/** What a seed chooses. */
export interface Dice {
  readonly below: (count: number) => number;
  readonly pick: <T>(...of: readonly T[]) => T;
}

export function diceOf(random: () => number): Dice {
  const below = (count: number) => Math.floor(random() * count);
  return { below, pick: (...of) => of[below(of.length)] as (typeof of)[number] };
}

export function fateOf({ below, pick }: Dice): Fate {
  switch (pick('read', 'read', 'read', 'disposed', 'aborted')) {
    case 'disposed':
      return { type: 'disposed', afterPieces: below(4) };
    case 'aborted':
      return { type: 'aborted', afterTurns: pick(0, below(4), below(40)) };
    default:
      return { type: 'read', isLent: below(2) === 0, turns: pick(0, 0, below(6)), isDisposedLate: below(3) === 0 };
  }
}

/** Bytes of which no two questions have the same. */
export function bodyOf(id: number, { below, pick }: Dice): Buffer {
  const body = Buffer.alloc(pick(0, 1, below(100), below(70_000), below(400_000)));
  for (let at = 0; at + 4 <= body.length; at += 4) body.writeUInt32BE(((id + 1) << 22) + at / 4, at);
  return body;
}

/** Asks them all, so many at once; those that have no answer yet are `pending`. */
export async function askAll(
  transport: Transport,
  questions: readonly Question[],
  { parallel, pending }: { readonly parallel: number; readonly pending: Set<string> },
): Promise<void> {
  const waiting = [...questions];
  const asker = async () => {
    for (let question = waiting.shift(); question !== undefined; question = waiting.shift()) {
      pending.add(question.path);
      await ask(transport, question);
      pending.delete(question.path);
    }
  };
  await Promise.all(Array.from({ length: parallel }, asker));
}

async function ask(transport: Transport, question: Question): Promise<void> {
  const { path, lane, body: wanted, fate, credentials, told, isStalled, mayFail, mayBeShort } = question;
  const abort = new AbortController();
  const enough = new Error('enough');
  if (fate.type === 'aborted') void after(fate.afterTurns).then(() => abort.abort(enough));
  const taken: Buffer[] = [];
  let failure: unknown;
  try {
    const limits = isStalled ? { maxSilenceMs: SILENCE_MS } : {};
    const { body } = await transport.request({ ...requestOf(path, lane), ...limits }, credentials, abort.signal);
    for await (const piece of (fate.type === 'read' && fate.isLent ? body.lent : undefined) ?? body) {
      taken.push(Buffer.from(piece));
      if (fate.type === 'disposed' && taken.length >= fate.afterPieces) break;
      if (fate.type === 'read') await after(fate.turns);
      assert.ok(taken.at(-1)?.equals(piece), `${told}: a piece changed while it was looked at`);
    }
    if (fate.type === 'read' && fate.isDisposedLate) await after(5);
    await body[Symbol.asyncDispose]();
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    failure = error;
  }
  while (getEventListeners(abort.signal, 'abort').length > 0) await turn(); // nothing of it stays with its caller
  const bytes = Buffer.concat(taken);
  assert.ok(bytes.equals(wanted.subarray(0, bytes.length)), `${told}: it got other bytes than its own`);
  if (failure === enough) return assert.equal(fate.type, 'aborted', told);
  if (failure !== undefined) return assert.ok(mayFail(failure), `${told}: ${String(failure)}`);
  const isWhole = bytes.length === wanted.length || fate.type === 'disposed' || mayBeShort;
  assert.ok(isWhole, `${told}: ${bytes.length} of ${wanted.length} bytes were taken for all`);
}

/** Asks for so many short answers at once, all of which are to come. */
export async function probe(transport: Transport, lane: Lane, count: number): Promise<void> {
  const one = async () => {
    const { body } = await transport.request(requestOf(PROBE_PATH, lane), {}, NEVER);
    const pieces: Buffer[] = [];
    for await (const piece of body) pieces.push(piece);
    assert.equal(Buffer.concat(pieces).toString(), PROBE);
  };
  await Promise.all(Array.from({ length: count }, one));
}

export const PROBE_PATH = '/probe';
export const PROBE = 'probe';

export function requestOf(path: string, lane: Lane): HttpRequest {
  return { method: 'GET', path, headers: {}, lane };
}

async function after(turns: number): Promise<void> {
  for (let turned = 0; turned < turns; turned += 1) await turn();
}

/** Rejects with what has not ended where it never does. */
export async function within(work: Promise<void>, what: () => string): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(what())), FOR_EVER_MS);
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
