import { parseTimestamp } from '../../model/time.ts';
import { type Decoded, fields, orNothing, type Path, string, text, WrongType } from '../config/decode.ts';
import { parseYaml } from '../config/yaml.ts';
import type { Credentials } from '../connection.ts';
import { EXEC_API_VERSIONS, type ExecApiVersion } from './exec-plugin.ts';
import { keyPairOf } from './pem.ts';
import { bearerOf } from './token-file.ts';

/** What a plugin gave, and until when it holds. */
export interface ExecCredential {
  readonly credentials: Credentials;
  /** Milliseconds since the epoch; undefined: no end is known. */
  readonly expires: number | undefined;
}

/** What is wrong with a plugin's answer. Never holds a part of it: it is all secret. */
export class BadExecCredential extends Error {}

const statusFields = fields({
  token: text,
  clientCertificateData: text,
  clientKeyData: text,
  expirationTimestamp: orNothing(string),
});
const answerFields = fields({ apiVersion: text, kind: text, status: orNothing(statusFields) });

/** Reads a plugin's standard output; throws BadExecCredential. */
export function parseExecCredential(stdout: Buffer, wanted: ExecApiVersion): ExecCredential {
  if (stdout.toString('latin1').trim() === '') throw new BadExecCredential('printed nothing');
  const { apiVersion, kind, status } = decoded(plainData(stdout));
  if (kind !== 'ExecCredential') throw new BadExecCredential('printed an object whose kind is not ExecCredential');
  if (apiVersion !== wanted) throw new BadExecCredential(versionProblem(apiVersion, wanted));
  if (!status) throw new BadExecCredential('printed an ExecCredential without a status');
  return { credentials: credentialsOf(status), expires: expiryOf(status.expirationTimestamp) };
}

/** JSON, or YAML, which kubectl takes as well. */
function plainData(stdout: Buffer): unknown {
  try {
    return parseYaml(stdout, 'stdout').data;
  } catch {
    // Without the cause: it might say too much about what was printed.
    throw new BadExecCredential('printed something that is neither JSON nor YAML');
  }
}

function decoded(answer: unknown): Decoded<typeof answerFields> {
  try {
    return answerFields(answer);
  } catch (error) {
    throw error instanceof WrongType ? new BadExecCredential(typeProblem(error.path)) : error;
  }
}

function typeProblem(path: Path): string {
  if (path.length === 0) return 'printed something that is no object';
  return `printed an ExecCredential whose ${path.join('.')} has the wrong type`;
}

function versionProblem(found: string | undefined, wanted: ExecApiVersion): string {
  const known = EXEC_API_VERSIONS.find((version) => version === found);
  const said = known ?? (found ? 'another apiVersion' : 'no apiVersion');
  return `is configured for ${wanted}, but printed ${said}`;
}

function credentialsOf(status: Decoded<typeof statusFields>): Credentials {
  const { clientCertificateData: cert, clientKeyData: key } = status;
  const token = status.token ? bearerOf(status.token) : undefined;
  if (status.token && token === undefined) throw new BadExecCredential('printed a token that no header can carry');
  const byToken = token === undefined ? {} : { token };
  if (!token && !cert && !key) throw new BadExecCredential('printed neither a token nor a client certificate');
  if (!cert && !key) return byToken;
  if (!cert) throw new BadExecCredential('printed a client key without its certificate');
  if (!key) throw new BadExecCredential('printed a client certificate without its key');
  const pair = keyPairOf(cert, key);
  if ('unusable' in pair) throw new BadExecCredential(`printed a client ${pair.unusable} that ${pair.why}`);
  return { ...byToken, clientCertificate: pair.certificate };
}

function expiryOf(time: string | null | undefined): number | undefined {
  if (time === null || time === undefined) return undefined;
  if (parseTimestamp(time) === undefined) {
    throw new BadExecCredential('printed an expirationTimestamp that is no RFC 3339 time');
  }
  return Date.parse(time);
}
