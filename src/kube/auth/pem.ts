import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

/**
 * PEM as client-go reads it: text around the blocks is ignored, blocks of other kinds are skipped, line lengths do not
 * matter, and a key's label need not say how it is encoded. What goes on to the TLS library is written anew, because
 * OpenSSL stops at things that Go skips.
 */
interface PemBlock {
  readonly label: string;
  /** `Proc-Type: 4,ENCRYPTED` and the like. */
  readonly headers: boolean;
  readonly der: Buffer;
}

export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate with its key, or which of the two cannot be used and why. */
export type KeyPair =
  | { readonly certificate: ClientCertificate; readonly notAfter: number }
  | { readonly unusable: 'certificate' | 'key'; readonly why: string };

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g;

function blocksOf(text: string): PemBlock[] {
  return Array.from(text.matchAll(BLOCK), ([, label = '', body = '']) => ({
    label,
    headers: body.includes(':'),
    der: Buffer.from(body, 'base64'),
  }));
}

function parseCertificate(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined; // The caller says so; OpenSSL's own words add nothing that a person could act on.
  }
}

function certificatesOf(text: string): (X509Certificate | undefined)[] {
  return blocksOf(text)
    .filter((block) => block.label === 'CERTIFICATE' && !block.headers)
    .map((block) => parseCertificate(block.der));
}

/** The readable certificates of a bundle, as PEM; undefined where there is none. */
export function authoritiesOf(text: string): string | undefined {
  const readable = certificatesOf(text).filter((certificate) => certificate !== undefined);
  return readable.length === 0 ? undefined : readable.map(String).join('');
}

function parseKey(der: Buffer): KeyObject | undefined {
  for (const type of ['pkcs8', 'pkcs1', 'sec1'] as const) {
    try {
      return createPrivateKey({ key: der, format: 'der', type });
    } catch {
      // The label does not tell the encoding: the next one is tried.
    }
  }
  return undefined;
}

function privateKeyOf(text: string): KeyObject | { why: string } {
  const block = blocksOf(text).find(({ label }) => label.endsWith('PRIVATE KEY'));
  if (block === undefined) return { why: 'holds no private key in PEM form' };
  if (block.headers || block.label.startsWith('ENCRYPTED')) {
    return { why: 'is protected by a passphrase, which no Kubernetes client asks for' };
  }
  return parseKey(block.der) ?? { why: 'holds a private key that cannot be read' };
}

/** Joins a certificate (its chain behind it) and a private key, both PEM, once they are known to belong together. */
export function keyPairOf(cert: string, key: string): KeyPair {
  const certificates = certificatesOf(cert);
  const leaf = certificates[0];
  if (certificates.length === 0) return { unusable: 'certificate', why: 'holds no certificate in PEM form' };
  if (leaf === undefined) return { unusable: 'certificate', why: 'holds a certificate that cannot be read' };
  const privateKey = privateKeyOf(key);
  if ('why' in privateKey) return { unusable: 'key', why: privateKey.why };
  if (!leaf.checkPrivateKey(privateKey)) {
    return { unusable: 'key', why: 'holds a private key that does not belong to the certificate' };
  }
  const chain = certificates.filter((certificate) => certificate !== undefined);
  return {
    certificate: {
      cert: chain.map(String).join(''),
      key: String(privateKey.export({ format: 'pem', type: 'pkcs8' })),
    },
    notAfter: Date.parse(leaf.validTo),
  };
}
