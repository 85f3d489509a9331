import type { X509Certificate } from 'node:crypto';
import { isIP, type OnReadOpts, type Socket } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, connect, getCACertificates, type TLSSocket } from 'node:tls';
import type { Credentials, ServerTrust } from '../connection.ts';
import type { Address } from './address.ts';
import { established, lively } from './tcp.ts';

/** The server's certificate does not prove who it is; `code` is OpenSSL's or Node's word for why. */
export class UntrustedServer extends Error {
  readonly code: string;
  readonly certificate: X509Certificate | undefined;

  constructor(code: string, certificate: X509Certificate | undefined) {
    super(`the certificate is not trusted (${code})`);
    this.code = code;
    this.certificate = certificate;
  }
}

export interface TlsOptions {
  readonly trust: ServerTrust;
  /** The name to ask for (SNI) and to verify. */
  readonly host: string;
  readonly clientCertificate?: Credentials['clientCertificate'];
  /** The protocols to offer, the best first. */
  readonly protocols?: readonly string[];
}

/** Makes a TCP connection a verified TLS one. Throws UntrustedServer before a byte of ours is sent. */
export function secure(socket: Socket, options: TlsOptions, signal: AbortSignal): Promise<TLSSocket> {
  return verified(connect({ socket, ...settings(options) }), options, signal);
}

/** Opens a connection of its own, whose bytes `onread` takes past its stream: Node gives it none of a socket that is there. */
export function openTls(
  { address, onread, ...options }: TlsOptions & { readonly address: Address; readonly onread: OnReadOpts },
  signal: AbortSignal,
): Promise<TLSSocket> {
  const how: ConnectionOptions & { readonly onread: OnReadOpts } = { ...settings(options), ...address, onread };
  return verified(lively(connect(how)), options, signal);
}

function settings({ trust, host, clientCertificate, protocols }: TlsOptions): ConnectionOptions {
  return {
    // SNI takes no addresses; what is verified is the host either way, not the address that is connected to.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
    ...authorities(trust),
    ...clientCertificate,
    ...(protocols === undefined ? {} : { ALPNProtocols: [...protocols] }),
    // Verified below, as Node would do at the same moment, but with the certificate at hand for the message.
    rejectUnauthorized: false,
  };
}

async function verified(secured: TLSSocket, { trust }: TlsOptions, signal: AbortSignal): Promise<TLSSocket> {
  await established(secured, 'secureConnect', signal);
  if (secured.authorized || trust.insecureSkipVerify) return secured;
  const error = untrusted(secured);
  secured.destroy();
  throw error;
}

/** The kubeconfig's authority, else everybody's: Node's own and the system's, as kubectl takes them. */
function authorities({ ca }: ServerTrust): { ca: string | string[]; allowPartialTrustChain?: boolean } {
  // A leaf or an intermediate is trusted as the authority too, as Go does.
  if (ca !== undefined) return { ca, allowPartialTrustChain: true };
  return { ca: [...new Set([...getCACertificates('default'), ...getCACertificates('system')])] };
}

function untrusted(socket: TLSSocket): UntrustedServer {
  const { authorizationError: error } = socket;
  // Declared as an Error, and in fact its code where it has one.
  const code = typeof error === 'string' ? error : (error?.message ?? '');
  return new UntrustedServer(code, socket.getPeerX509Certificate());
}
