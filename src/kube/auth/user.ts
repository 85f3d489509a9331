import { type Entry, entryError, entryName } from '../config/place.ts';
import { bytesFor } from '../config/read.ts';
import type { UserFields } from '../config/schema.ts';
import type { CredentialSource, Credentials } from '../connection.ts';
import { certificateIsInFiles, hasCertificate, readCertificate } from './certificate.ts';
import { ExecCredentials, type ExecSurroundings } from './exec.ts';
import { type ExecPlugin, execPluginOf } from './exec-plugin.ts';
import { FileCredentials, fixedCredentials } from './sources.ts';
import { bearerOf, TokenFile } from './token-file.ts';

/** How a user proves who it is, and what it should hear of that. */
export interface UserCredentials {
  readonly credentials: CredentialSource;
  readonly warnings: readonly string[];
}

/**
 * The credentials of a kubeconfig's user, by kubectl's order: a token and a client certificate (both, where both are
 * there), else an exec plugin. Reads and checks what stands in files, so that a fault shows at once; runs no plugin.
 */
export async function userCredentials(
  user: Entry<UserFields>,
  around: Omit<ExecSurroundings, 'where'>,
): Promise<UserCredentials> {
  const plugin = user.value.exec ? execPluginOf(user, user.value.exec) : undefined;
  const byCertificate = hasCertificate(user);
  const { token, tokenFile } = user.value;
  if (token !== undefined || tokenFile !== undefined || byCertificate) {
    return heldCredentials(user, byCertificate, around);
  }
  if (plugin !== undefined) return pluginCredentials(user, plugin, around);
  refuseOldWays(user);
  const anonymous = `${entryName(user)} has no credentials: the server will see an anonymous user`;
  return { credentials: fixedCredentials({}), warnings: [`${user.at()}: ${anonymous}`] };
}

function pluginCredentials(
  user: Entry<UserFields>,
  plugin: ExecPlugin,
  around: Omit<ExecSurroundings, 'where'>,
): UserCredentials {
  const where = `${user.at('exec', 'command')}: ${entryName(user)}`;
  return { credentials: new ExecCredentials(plugin, { ...around, where }), warnings: ignoredWays(user) };
}

async function heldCredentials(
  user: Entry<UserFields>,
  byCertificate: boolean,
  { clock }: Pick<ExecSurroundings, 'clock'>,
): Promise<UserCredentials> {
  const tokenOf = tokenReader(user);
  const read = async (): Promise<Credentials> => {
    const token = await tokenOf();
    const pair = byCertificate ? await readCertificate(user) : undefined;
    return { ...(token === undefined ? {} : { token }), ...(pair && { clientCertificate: pair.certificate }) };
  };
  const inFiles = user.value.tokenFile !== undefined || (byCertificate && certificateIsInFiles(user.value));
  const credentials = inFiles ? new FileCredentials(read, clock) : fixedCredentials(await read());
  await credentials.get(new AbortController().signal);
  const expired = byCertificate ? await expiryWarnings(user, clock.now()) : [];
  return { credentials, warnings: [...expired, ...ignoredWays(user)] };
}

function tokenReader(user: Entry<UserFields>): () => Promise<string | undefined> {
  const { tokenFile } = user.value;
  const token = fixedToken(user);
  if (tokenFile === undefined) return async () => token;
  const problem = `tokenFile: ${tokenFile} is empty or holds more than a token`;
  const file = new TokenFile({
    read: () => bytesFor(user, 'tokenFile', tokenFile),
    beside: token,
    unusable: () => entryError(user, ['tokenFile'], problem, 'It must hold one token on one line.'),
  });
  return () => file.token();
}

function fixedToken(user: Entry<UserFields>): string | undefined {
  if (user.value.token === undefined) return undefined;
  const token = bearerOf(user.value.token);
  if (token !== undefined) return token;
  const problem = 'token is blank or holds a character that no token has, such as a line break';
  throw entryError(user, ['token'], problem, 'Write it on one line, without blanks.');
}

async function expiryWarnings(user: Entry<UserFields>, now: number): Promise<string[]> {
  const { notAfter } = await readCertificate(user);
  if (!(notAfter < now)) return [];
  const field = user.value['client-certificate'] === undefined ? 'client-certificate-data' : 'client-certificate';
  return [`${user.at(field)}: ${entryName(user)}: the certificate expired at ${new Date(notAfter).toISOString()}`];
}

const MODERN = 'use a token, a client certificate or an exec plugin';

/** What replaced the providers that were once built into kubectl. */
const SUCCESSORS: Readonly<Record<string, string>> = {
  gcp: 'install gke-gcloud-auth-plugin and run: gcloud container clusters get-credentials CLUSTER',
  azure: 'install kubelogin and run: kubelogin convert-kubeconfig',
  oidc: 'use the exec plugin kubelogin: kubectl oidc-login setup',
};

/** Basic auth and auth-provider, where the user has nothing else. */
function refuseOldWays(user: Entry<UserFields>): void {
  const { username, password, 'auth-provider': provider } = user.value;
  if (username !== undefined || password !== undefined) {
    const field = username === undefined ? 'password' : 'username';
    const hint = `API servers know no basic auth since Kubernetes 1.19: ${MODERN}.`;
    throw entryError(user, [field], 'user name and password (basic auth) are not supported', hint);
  }
  if (provider) {
    const name = provider.name ?? '';
    const hint = `Instead ${SUCCESSORS[name] ?? MODERN}.`;
    throw entryError(user, ['auth-provider'], `auth-provider ${JSON.stringify(name)} is not supported`, hint);
  }
}

/** Basic auth and auth-provider beside something that works: the user hears that they are left out. */
function ignoredWays(user: Entry<UserFields>): string[] {
  const { username, password, 'auth-provider': provider } = user.value;
  const basic = username !== undefined || password !== undefined ? ['basic auth'] : [];
  const ways = [...basic, ...(provider ? ['auth-provider'] : [])];
  return ways.map((way) => `${user.at()}: ${entryName(user)}: ${way} is not supported and was left out`);
}
