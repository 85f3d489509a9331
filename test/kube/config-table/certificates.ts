import { createPrivateKey, randomBytes } from 'node:crypto';
import { generate } from 'selfsigned';
import { credential } from '../../credentials.ts';

/** A certificate and its key, PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

interface Wish {
  readonly name: string;
  readonly issuer?: Identity;
  readonly authority?: boolean;
  readonly expired?: boolean;
}

const DAY_MS = 86_400_000;

/** Names and addresses that the test server's certificate is good for. */
const SERVER_NAMES = ['localhost', 'api.faro.test', 'inner.faro.test'];

/** Makes a certificate on the curve P-256, which is quick. */
export async function issue({ name, issuer, authority = false, expired = false }: Wish): Promise<Identity> {
  const now = Date.now();
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - 2 * DAY_MS),
    notAfterDate: new Date(expired ? now - DAY_MS : now + 30 * DAY_MS),
    ...(issuer === undefined ? {} : { ca: issuer }),
    extensions: [
      { name: 'basicConstraints', cA: authority, critical: true },
      authority
        ? { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true }
        : { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...SERVER_NAMES.map((value) => ({ type: 2 as const, value })),
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  return { cert: `${made.cert.trim()}\n`, key: `${made.private.trim()}\n` };
}

/** Everyone that the rows need. */
export interface People {
  readonly authority: Identity;
  readonly stranger: Identity;
  readonly middle: Identity;
  /** Issued by `middle`, like `chained`; the certificates carry the chain. */
  readonly server: Identity;
  /** The server's next certificate, issued by `stranger`. */
  readonly rotated: Identity;
  readonly ada: Identity;
  readonly grace: Identity;
  readonly expired: Identity;
  readonly chained: Identity;
  readonly tokens: { readonly ada: string; readonly grace: string };
  readonly password: string;
}

export async function makePeople(): Promise<People> {
  const authority = await issue({ name: 'faro test authority', authority: true });
  const stranger = await issue({ name: 'another authority', authority: true });
  const middle = await issue({ name: 'faro intermediate', issuer: authority, authority: true });
  const [server, rotated, ada, grace, expired, chained] = await Promise.all([
    issue({ name: 'faro-api', issuer: middle }),
    issue({ name: 'faro-api', issuer: stranger }),
    issue({ name: 'ada', issuer: authority }),
    issue({ name: 'grace', issuer: authority }),
    issue({ name: 'late', issuer: authority, expired: true }),
    issue({ name: 'chained', issuer: middle }),
  ]);
  for (const { key } of [ada, grace, expired, chained, server, rotated]) credential(key);
  const secret = (): string => credential(randomBytes(24).toString('hex'));
  return {
    authority,
    stranger,
    middle,
    server: { cert: server.cert + middle.cert, key: server.key },
    rotated,
    ada,
    grace,
    expired,
    chained: { cert: chained.cert + middle.cert, key: chained.key },
    tokens: { ada: secret(), grace: secret() },
    password: secret(),
  };
}

/** An EC key as `openssl ecparam -genkey` writes it: a block of parameters, then SEC 1. */
export function sec1Key(identity: Identity): string {
  const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
  return parameters + String(createPrivateKey(identity.key).export({ format: 'pem', type: 'sec1' }));
}

export function encryptedKey(identity: Identity, passphrase: string): string {
  const options = { format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase } as const;
  return String(createPrivateKey(identity.key).export(options));
}

/** Every text of at least this many characters that comes from a secret must never be shown. */
const FRAGMENT = 12;

/** The fragments of a person's secrets that an output must not hold, as a test of it. */
export function leakTester(people: People): (output: string) => string | undefined {
  const keys = [people.ada, people.grace, people.expired, people.chained, people.server, people.rotated].map(
    ({ key }) => key,
  );
  const pem = keys.flatMap((key) => key.split('\n').filter((line) => !line.startsWith('-----') && line !== ''));
  const secrets = [people.tokens.ada, people.tokens.grace, people.password, ...pem];
  const packed = [...secrets, ...keys.map((key) => Buffer.from(key).toString('base64'))];
  const fragments = new Set(packed.flatMap(windows));
  for (const common of keys.map((key) => windows(key.slice(0, 60))).reduce(intersection)) fragments.delete(common);
  return (output) => windows(output).find((window) => fragments.has(window));
}

function windows(text: string): string[] {
  return Array.from({ length: Math.max(0, text.length - FRAGMENT + 1) }, (_, at) => text.slice(at, at + FRAGMENT));
}

function intersection(a: string[], b: string[]): string[] {
  const seen = new Set(b);
  return a.filter((window) => seen.has(window));
}
