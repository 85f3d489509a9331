import { type Entry, entryError } from '../config/place.ts';
import type { ExecFields, UserFields } from '../config/schema.ts';

/** The interfaces of exec plugins that are still spoken; v1alpha1 ended with Kubernetes 1.24. */
export const EXEC_API_VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'] as const;
export type ExecApiVersion = (typeof EXEC_API_VERSIONS)[number];

const MODES = ['Never', 'IfAvailable', 'Always'] as const;
type InteractiveMode = (typeof MODES)[number];

/** A checked `exec` of a kubeconfig's user. */
export interface ExecPlugin {
  readonly apiVersion: ExecApiVersion;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly installHint: string | undefined;
  readonly interactiveMode: InteractiveMode;
  readonly provideClusterInfo: boolean;
}

/** Checks what a kubeconfig says of a plugin; throws a FaroError that names the field. */
export function execPluginOf(user: Entry<UserFields>, exec: ExecFields): ExecPlugin {
  const fault = (field: string, problem: string, hint: string) => entryError(user, ['exec', field], problem, hint);
  if (exec.command === undefined) {
    throw fault('command', 'its exec plugin has no command', 'Name the program that fetches the credentials.');
  }
  const apiVersion = EXEC_API_VERSIONS.find((version) => version === exec.apiVersion);
  if (apiVersion === undefined) {
    const said = exec.apiVersion === undefined ? 'no apiVersion' : `the apiVersion ${JSON.stringify(exec.apiVersion)}`;
    throw fault('apiVersion', `its exec plugin has ${said}`, `It must be ${EXEC_API_VERSIONS.join(' or ')}.`);
  }
  // Only v1 made the field a must.
  const asked = exec.interactiveMode ?? (apiVersion.endsWith('/v1beta1') ? 'IfAvailable' : '');
  const interactiveMode = MODES.find((mode) => mode === asked);
  if (interactiveMode === undefined) {
    const said = asked === '' ? 'no interactiveMode' : `the interactiveMode ${JSON.stringify(asked)}`;
    throw fault('interactiveMode', `its exec plugin has ${said}`, `It must be ${MODES.join(', ')}.`);
  }
  if (exec.env.some(({ name }) => name === undefined)) {
    throw fault('env', 'its exec plugin has a variable without a name', 'Every item of env needs name and value.');
  }
  return {
    apiVersion,
    command: exec.command,
    args: exec.args.map((arg) => arg ?? ''),
    env: Object.fromEntries(exec.env.map(({ name = '', value = '' }) => [name, value])),
    installHint: exec.installHint,
    interactiveMode,
    provideClusterInfo: exec.provideClusterInfo,
  };
}
