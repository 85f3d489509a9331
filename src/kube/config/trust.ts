import { authoritiesOf } from '../auth/pem.ts';
import type { ServerTrust } from '../connection.ts';
import { base64Of } from './base64.ts';
import { type Entry, entryError } from './place.ts';
import { bytesFor, readBytes } from './read.ts';
import type { ClusterFields } from './schema.ts';

/** How one server is recognised; a certificate authority that stands in a file can be read again. */
export class Trust implements ServerTrust {
  readonly serverName: string | undefined;
  readonly insecureSkipVerify: boolean;
  readonly #file: string | undefined;
  #bundle: Bundle | undefined;

  constructor(settings: {
    file?: string | undefined;
    bundle?: Bundle | undefined;
    serverName?: string | undefined;
    insecure?: boolean;
  }) {
    this.serverName = settings.serverName;
    this.insecureSkipVerify = settings.insecure === true;
    this.#file = settings.file;
    this.#bundle = settings.bundle;
  }

  get ca(): string | undefined {
    return this.#bundle?.pem;
  }

  /** The authority as it was given, for an exec plugin. */
  get given(): Buffer | undefined {
    return this.#bundle?.bytes;
  }

  /** Reads the file again; what cannot be read, or holds no certificate, leaves the last. */
  async reread(signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    if (this.#file === undefined) return false;
    const fresh = await readBytes(this.#file).then(bundleOf, () => undefined);
    if (fresh === undefined || fresh.pem === this.#bundle?.pem) return false;
    this.#bundle = fresh;
    return true;
  }
}

/** Certificate authorities: as they were given, and as the TLS library gets them. */
export interface Bundle {
  readonly bytes: Buffer;
  readonly pem: string;
}

/** The bundle in some bytes, or undefined where they hold no readable certificate. */
export function bundleOf(bytes: Buffer): Bundle | undefined {
  const pem = authoritiesOf(bytes.toString('latin1'));
  return pem === undefined ? undefined : { bytes, pem };
}

/** How a kubeconfig's cluster says that its server is recognised. */
export async function clusterTrust(cluster: Entry<ClusterFields>): Promise<Trust> {
  const { 'certificate-authority': file, 'certificate-authority-data': data } = cluster.value;
  const insecure = cluster.value['insecure-skip-tls-verify'];
  if (file !== undefined && data !== undefined) {
    const problem = 'certificate-authority and certificate-authority-data are both given';
    throw entryError(cluster, ['certificate-authority'], problem, 'Keep one of them; kubectl refuses both, too.');
  }
  const bundle = await givenBundle(cluster);
  if (insecure && bundle !== undefined) {
    const problem = 'insecure-skip-tls-verify together with a certificate authority';
    const hint = 'Remove one of them: with the authority the server can be verified.';
    throw entryError(cluster, ['insecure-skip-tls-verify'], problem, hint);
  }
  return new Trust({ file, bundle, serverName: cluster.value['tls-server-name'], insecure });
}

async function givenBundle(cluster: Entry<ClusterFields>): Promise<Bundle | undefined> {
  const { 'certificate-authority': file, 'certificate-authority-data': data } = cluster.value;
  if (data !== undefined) {
    const field = 'certificate-authority-data';
    return requireBundle(cluster, field, base64Of(cluster, field, data), field);
  }
  if (file === undefined) return undefined;
  return requireBundle(cluster, 'certificate-authority', await bytesFor(cluster, 'certificate-authority', file), file);
}

function requireBundle(cluster: Entry<ClusterFields>, field: string, bytes: Buffer, where: string): Bundle {
  const bundle = bundleOf(bytes);
  if (bundle !== undefined) return bundle;
  const hint = 'It must be a certificate in PEM form (-----BEGIN CERTIFICATE-----).';
  throw entryError(cluster, [field], `${where} holds no certificate that can be read`, hint);
}
