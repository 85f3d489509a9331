import { mayI } from '../kube/access.ts';
import type { KubeClient } from '../kube/client.ts';
import { whoAmI } from '../kube/whoami.ts';
import { type Need, needsOf } from '../record/needs.ts';
import { commandLog } from './capture.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
import type { ConnectionOptions, TelemetryOptions } from './options.ts';
import { rolesFor } from './roles.ts';
import { connectionFor, openSession } from './session.ts';

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
    { targets, connection, namespace: options.namespace, wait: true, context, log },
    first,
  );
  const needs = await needsOf(session, first);
  const allowed = (need: Need) => isAllowed(session.client, need, first);
  const verdicts = await Promise.all(needs.map(async (need) => ({ need, allowed: await allowed(need) })));
  context.stdout.write(`${report(verdicts)}${rolesFor(needs, await whoAmI(session.client, first))}`);
  return verdicts.every((verdict) => verdict.allowed || verdict.need.tier !== 'essential') ? EXIT.done : EXIT.cluster;
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
    return `# ${allowed ? 'yes' : 'NO '}  ${describe(need)}${lack}\n`;
  });
  return `${lines.join('')}# ${summary(verdicts)}\n`;
}

function summary(verdicts: readonly Verdict[]): string {
  const lacks = (...tiers: readonly Need['tier'][]) =>
    verdicts.some(({ need, allowed }) => !allowed && tiers.includes(need.tier));
  if (lacks('essential', 'owned')) return 'The story would be incomplete. What makes it complete:';
  if (lacks('related', 'cluster'))
    return 'The story would be complete, but lack what explains it. What gives all of it:';
  return 'This user may see everything that the story takes:';
}

function describe({ resource, subresource, namespace, names, verbs }: Need): string {
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  const where = namespace === null ? 'in the cluster' : `in ${namespace}`;
  return `${verbs.join(', ')} ${what}${names === undefined ? '' : ` ${names.join(', ')}`} ${where}`;
}
