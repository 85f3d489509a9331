import { mayI } from '../kube/access.ts';
import type { KubeClient } from '../kube/client.ts';
import { whoAmI } from '../kube/whoami.ts';
import { FaroError } from '../model/errors.ts';
import { type Need, needsOf } from '../record/needs.ts';
import { commandLog } from './capture.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
import type { ConnectionOptions, TelemetryOptions } from './options.ts';
import { rolesFor } from './roles.ts';
import { checkRoots, connectionFor, openSession, type Session } from './session.ts';

/** A need, and whether the user may. */
interface Verdict {
  readonly need: Need;
  readonly allowed: boolean;
}

/** `faro check`: what this user may see of the targets, what their story would lack, and the Role that it takes. */
export async function check(
  targets: readonly string[],
  options: ConnectionOptions & TelemetryOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const log = commandLog(options, context);
  const { first } = context.interrupts;
  const connection = await connectionFor(options, context, log);
  // Whether the targets exist is not the question: their permissions can be asked for before they do.
  await using session = await openSession(
    { targets, connection, namespace: options.namespace, wait: false, allowMissing: true, context, log },
    first,
  );
  const needs = await needsOf(session, first);
  const allowed = (need: Need) => isAllowed(session.client, need, first);
  const verdicts = await Promise.all(needs.map(async (need) => ({ need, allowed: await allowed(need) })));
  const absent = await absenceOf(session, first);
  context.stdout.write(`${absent}${report(verdicts)}${rolesFor(needs, await whoAmI(session.client, first))}`);
  return verdicts.every((verdict) => verdict.allowed || verdict.need.tier !== 'essential') ? EXIT.done : EXIT.cluster;
}

/** A comment where a target does not exist (yet): the answer holds for it all the same, but its name may be wrong. */
async function absenceOf({ client, roots, types }: Session, signal: AbortSignal): Promise<string> {
  try {
    await checkRoots(client, roots, types, signal);
    return '';
  } catch (error) {
    if (!(error instanceof FaroError)) throw error;
    // What the user may not read is told below, permission by permission.
    return error.code === 'not-found' ? `# ${error.message}\n` : '';
  }
}

/** All verbs, of every name. */
async function isAllowed(client: KubeClient, need: Need, signal: AbortSignal): Promise<boolean> {
  const { group, resource, subresource, namespace, names = [undefined] } = need;
  const questions = names.flatMap((name) =>
    need.verbs.map((verb) => ({
      verb,
      group,
      resource,
      namespace,
      ...(name === undefined ? {} : { name }),
      ...(subresource === undefined ? {} : { subresource }),
    })),
  );
  const answers = await Promise.all(questions.map((question) => mayI(client, question, signal)));
  return answers.every(({ allowed }) => allowed);
}

function report(verdicts: readonly Verdict[]): string {
  const lines = verdicts.map(({ need, allowed }) => {
    const lack = allowed ? '' : `: the story would lack ${need.without}`;
    return `${allowed ? 'yes' : 'NO '}  ${describe(need)}${lack}`;
  });
  return [...lines, ...summary(verdicts)].map((line) => `# ${line}\n`).join('');
}

function summary(verdicts: readonly Verdict[]): readonly string[] {
  const lacks = (...tiers: readonly Need['tier'][]) =>
    verdicts.some(({ need, allowed }) => !allowed && tiers.includes(need.tier));
  const isProven = !lacks('proof');
  const proof = isProven ? [] : UNPROVEN;
  if (lacks('essential', 'owned')) return ['The story would be incomplete.', ...proof, ASKED_FOR];
  if (lacks('related', 'cluster'))
    return [`The story would ${isProven ? 'be complete, but ' : ''}lack what explains it.`, ...proof, ASKED_FOR];
  return [`This user may see everything that ${isProven ? 'the story takes' : 'is asked for'}.`, ...proof, ASKED_FOR];
}

/** Why what is asked for is not always enough: the pod log API does not tell whether a node rotated a file. */
const UNPROVEN = [
  'Without nodes/proxy logs come from the pod log stream alone, and the story is not called complete where a container still',
  'runs at its end, or its pod was gone before its log had been looked at again: a rotation cannot be ruled out then.',
  'A recorder inside the cluster proves these logs with nodes/log (--kubelet-direct).',
];
const ASKED_FOR = 'What gives all that is asked for:';

function describe({ resource, subresource, namespace, names, verbs }: Need): string {
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  const where = namespace === null ? 'in the cluster' : `in ${namespace}`;
  return `${verbs.join(', ')} ${what}${names === undefined ? '' : ` ${names.join(', ')}`} ${where}`;
}
