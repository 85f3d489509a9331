import { X509Certificate } from 'node:crypto';
import { FaroError, messageOf } from '../model/errors.ts';
import type { Connection, Credentials } from './connection.ts';

const BY_CODE: Readonly<Record<string, { readonly what: string; readonly hint: string }>> = {
  ECONNREFUSED: {
    what: 'the connection was refused',
    hint: 'is the API server running, and are the address and port right?',
  },
  ENOTFOUND: {
    what: 'its name is not known (DNS)',
    hint: 'check the server in the kubeconfig, and the network or VPN',
  },
  EAI_AGAIN: { what: 'its name could not be resolved (DNS)', hint: 'check the network or VPN' },
  ETIMEDOUT: { what: 'the connection timed out', hint: 'check the network, VPN or proxy' },
  EHOSTUNREACH: { what: 'there is no route to it', hint: 'check the network or VPN' },
  ENETUNREACH: { what: 'there is no route to it', hint: 'check the network or VPN' },
  CERT_HAS_EXPIRED: {
    what: "the server's certificate has expired",
    hint: 'renew it, or correct the clock of this machine',
  },
  CERT_NOT_YET_VALID: { what: "the server's certificate is not valid yet", hint: 'correct the clock of this machine' },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    what: "the server's certificate is for another name",
    hint: 'set tls-server-name in the kubeconfig, or use the name that it was issued for',
  },
};
/** What OpenSSL calls a certificate that no known authority has signed. */
const UNTRUSTED = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
]);

/** What a failed connection means, and the way out. */
export function connectError(
  error: unknown,
  connection: Connection,
  user: { readonly credentials: Credentials; readonly now: number },
): FaroError {
  if (error instanceof FaroError) return error;
  const where = `cannot reach ${connection.server.origin}`;
  const expired = expiredClientCertificate(user.credentials, user.now);
  if (expired !== undefined)
    return new FaroError('unauthorized', `${where}: the client certificate expired on ${expired}`, {
      hint: 'renew the certificate of this user in the kubeconfig',
      cause: error,
    });
  const code = codeOf(error);
  if (UNTRUSTED.has(code)) {
    const authority =
      connection.tls.ca === undefined
        ? "the system's certificate authorities"
        : "the kubeconfig's certificate authority";
    return new FaroError('unreachable', `${where}: its certificate is not signed by ${authority}`, {
      hint: 'correct certificate-authority(-data) of the cluster in the kubeconfig',
      cause: error,
    });
  }
  const known = BY_CODE[code];
  if (known !== undefined)
    return new FaroError('unreachable', `${where}: ${known.what}`, { hint: known.hint, cause: error });
  if (/^ERR_SSL_|^EPROTO/.test(code))
    return new FaroError('unreachable', `${where}: the TLS handshake failed (${messageOf(error)})`, {
      hint: 'does the server speak TLS, and does it accept this client certificate?',
      cause: error,
    });
  return new FaroError('unreachable', `${where}: ${messageOf(error)}`, { cause: error });
}

/** The error code of the first cause; a connection tried at several addresses fails with an AggregateError. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** When the user's certificate ended, if it has. A server only says `alert`, or answers 401. */
export function expiredClientCertificate(credentials: Credentials, now: number): string | undefined {
  if (credentials.clientCertificate === undefined) return undefined;
  try {
    const { validToDate } = new X509Certificate(credentials.clientCertificate.cert);
    return validToDate.getTime() < now ? validToDate.toISOString().slice(0, 10) : undefined;
  } catch {
    return undefined; // not readable here: the server's answer stands as it is
  }
}
