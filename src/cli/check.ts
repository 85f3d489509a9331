import { stringify } from 'yaml';
import { mayI } from '../kube/access.ts';
import type { Root } from '../model/record.ts';
import { type Need, needsOf } from '../record/needs.ts';
import { commandLog } from './capture.ts';
import type { CommandContext } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
import type { ConnectionOptions, TelemetryOptions } from './options.ts';
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
  const verdicts = await Promise.all(
    needs.map(async (need) => ({ need, allowed: (await mayI(session.client, need.question, first)).allowed })),
  );
  context.stdout.write(report(verdicts, session.roots));
  return verdicts.every(({ need, allowed }) => allowed || need.tier !== 'essential') ? EXIT.done : EXIT.cluster;
}

function report(verdicts: readonly Verdict[], roots: readonly Root[]): string {
  const lines = verdicts.map(
    ({ need, allowed }) =>
      `${allowed ? 'yes' : 'NO '}  ${describe(need)}${allowed ? '' : `: the story would lack ${need.without}`}`,
  );
  const isComplete = verdicts.every(({ allowed }) => allowed);
  const summary = isComplete
    ? '# This user may see everything that the story takes.'
    : '# The Role that makes the story complete:';
  return `${lines.map((line) => `# ${line}`).join('\n')}\n${summary}\n${roles(
    verdicts.map(({ need }) => need),
    roots,
  )}`;
}

function describe({ question }: Need): string {
  const { verb, resource, subresource, namespace } = question;
  const where = namespace === null ? 'in the cluster' : `in ${namespace}`;
  return `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`} ${where}`;
}

/** A Role for each namespace, and apart from it the ClusterRole for what reaches beyond. */
function roles(needs: readonly Need[], roots: readonly Root[]): string {
  const namespaces = [...new Set(roots.map(({ namespace }) => namespace))];
  const documents = namespaces.map((namespace) => {
    const own = needs.filter(({ question, tier }) => tier !== 'cluster' && question.namespace === namespace);
    const metadata = namespace === null ? { name: 'faro' } : { name: 'faro', namespace };
    return role(namespace === null ? 'ClusterRole' : 'Role', metadata, own);
  });
  const beyond = role(
    'ClusterRole',
    { name: 'faro-cluster' },
    needs.filter(({ tier }) => tier === 'cluster'),
  );
  return `${documents.map((document) => stringify(document)).join('---\n')}---\n# Apart from it, for what reaches beyond the namespace:\n${stringify(beyond)}`;
}

function role(kind: string, metadata: object, needs: readonly Need[]): object {
  const rules = needs.map(({ question: { group, resource, subresource }, verbs }) => ({
    apiGroups: [group],
    resources: [subresource === undefined ? resource : `${resource}/${subresource}`],
    verbs,
  }));
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata, rules };
}
