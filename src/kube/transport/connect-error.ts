import { X509Certificate } from 'node:crypto';
import { FaroError, messageOf } from '../../model/errors.ts';
import type { Connection, Credentials } from '../connection.ts';
import type { Caller } from './socket.ts';
import { UntrustedServer } from './tls.ts';

/** What stopped, and the way out. */
interface Reason {
  readonly what: string;
  readonly hint: string;
}

const NETWORK = 'check the network, VPN or proxy';
const BY_CODE: Readonly<Record<string, Reason>> = {
  ECONNREFUSED: {
    what: 'the connection was refused',
    hint: 'is the API server running, and are the address and port right?',
  },
  ENOTFOUND: {
    what: 'its name is not known (DNS)',
    hint: 'check the server in the kubeconfig, and the network or VPN',
  },
  EAI_AGAIN: { what: 'its name could not be resolved (DNS)', hint: NETWORK },
  ETIMEDOUT: { what: 'the connection timed out', hint: NETWORK },
  EHOSTUNREACH: { what: 'there is no route to it', hint: NETWORK },
  ENETUNREACH: { what: 'there is no route to it', hint: NETWORK },
  ECONNRESET: { what: 'the connection was cut', hint: NETWORK },
  ERR_SSL_WRONG_VERSION_NUMBER: {
    what: 'what answers there does not speak TLS',
    hint: 'is the port right, and does the server want http:// instead of https://?',
  },
};

/** What OpenSSL calls a certificate that no known authority has signed. */
const UNSIGNED = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
]);

/** What a failed connection means, and the way out. */
export function connectError(error: unknown, { connection, credentials, now }: Caller): FaroError {
  const where = `cannot reach ${connection.server.origin}`;
  if (error instanceof FaroError) return error.message.startsWith(where) ? error : inside(where, error);
  const expired = mayBeRefusal(error) ? expiredCertificate(credentials, now) : undefined;
  if (expired !== undefined)
    return new FaroError('unauthorized', `${where}: ${expired.what}`, { hint: expired.hint, cause: error });
  const { what, hint } = reasonFor(error, connection, now) ?? { what: messageOf(error), hint: NETWORK };
  return new FaroError('unreachable', `${where}: ${what}`, { hint, cause: error });
}

function inside(where: string, error: FaroError): FaroError {
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  return new FaroError(error.code, `${where}: ${error.message}`, { ...hint, cause: error });
}

/** A server that refuses a certificate breaks the connection, with an alert at best. */
function mayBeRefusal(error: unknown): boolean {
  const code = codeOf(error);
  return !(error instanceof UntrustedServer) && (code === 'ECONNRESET' || BY_CODE[code] === undefined);
}

function reasonFor(error: unknown, connection: Connection, now: number): Reason | undefined {
  if (error instanceof UntrustedServer) return untrustedReason(error, connection, now);
  return reasonOf(error);
}

/** What a network error means, without its place. */
export function reasonOf(error: unknown): Reason | undefined {
  const code = codeOf(error);
  if (BY_CODE[code] !== undefined) return BY_CODE[code];
  if (!/^ERR_SSL_|^EPROTO/.test(code)) return undefined;
  const alert = /alert (?:number )?(.*)/i.exec(code.replaceAll('_', ' ').toLowerCase())?.[1];
  const what = alert === undefined ? messageOf(error) : alert;
  return {
    what: `the TLS handshake failed (${what})`,
    hint: 'does the server accept this client certificate, and does it speak TLS 1.2 or newer?',
  };
}

function untrustedReason({ code, certificate }: UntrustedServer, { tls }: Connection, now: number): Reason {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return wrongName(certificate, tls.serverName);
  if (code === 'CERT_HAS_EXPIRED') {
    const end = certificate?.validToDate;
    const isLeaf = end !== undefined && end.getTime() < now;
    const what = isLeaf
      ? `the server's certificate expired on ${dayOf(end)}`
      : 'an authority of the server has expired';
    return { what, hint: 'renew it, or correct the clock of this machine' };
  }
  if (code === 'CERT_NOT_YET_VALID') {
    const from = certificate === undefined ? '' : ` before ${dayOf(certificate.validFromDate)}`;
    return { what: `the server's certificate is not valid${from}`, hint: 'correct the clock of this machine' };
  }
  return untrustedIssuer(code, certificate, tls.ca !== undefined);
}

function wrongName(certificate: X509Certificate | undefined, serverName: string | undefined): Reason {
  const names = (certificate?.subjectAltName ?? '').replaceAll(/(DNS|IP Address):/g, '');
  const wanted = serverName === undefined ? '' : ` than ${serverName}`;
  return {
    what: `the server's certificate is for another name${wanted}${names === '' ? '' : ` (it is for ${names})`}`,
    hint: 'set tls-server-name in the kubeconfig to a name that it was issued for, or use that in the server URL',
  };
}

function untrustedIssuer(code: string, certificate: X509Certificate | undefined, hasOwn: boolean): Reason {
  const authority = hasOwn ? "the kubeconfig's certificate authority" : "the system's certificate authorities";
  const issuer = certificate?.issuer?.replaceAll('\n', ', ') ?? '';
  const detail = [code, issuer === '' ? [] : `issued by ${issuer}`].flat().join(', ');
  const problem = UNSIGNED.has(code) ? `is not signed by ${authority}` : `is not accepted, with ${authority}`;
  return {
    what: `its certificate ${problem} (${detail})`,
    hint: 'correct certificate-authority(-data) of the cluster in the kubeconfig',
  };
}

/** The code of the first cause that has one; a connection tried at several addresses fails with an AggregateError. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** What is wrong where the user's certificate has ended. A server only says `alert`, or answers 401. */
export function expiredCertificate({ clientCertificate }: Credentials, now: number): Reason | undefined {
  if (clientCertificate === undefined) return undefined;
  try {
    const { validToDate, subject } = new X509Certificate(clientCertificate.cert);
    if (validToDate.getTime() >= now) return undefined;
    const what = `the client certificate (${subject.replaceAll('\n', ', ')}) expired on ${dayOf(validToDate)}`;
    return { what, hint: 'renew the certificate of this user in the kubeconfig' };
  } catch {
    return undefined; // not readable here: the server's answer stands as it is
  }
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
