/**
 * Which names say that their value is a credential. When in doubt a value is hidden: a hidden value costs a reader
 * little, and a shown one cannot be taken back. So TOKEN_URL is hidden (it may carry the token), PASSWORD_FILE is not.
 */

/** Anywhere in a name, which is compared without case and without `-`, `_`, `.`, `/`. */
export const PARTS: readonly string[] = [
  'password',
  'passwd',
  'passphrase',
  'passcode',
  'secret',
  'token',
  'credential',
  'apikey',
  'accesskey',
  'accountkey',
  'authkey',
  'deploykey',
  'encryptionkey',
  'licensekey',
  'masterkey',
  'privatekey',
  'sharedkey',
  'signingkey',
  'sshkey',
  'connectionstring',
  'connstr',
  'authorization',
  'bearer',
  'cookie',
  'sessionid',
  'webhookurl',
];
const ANY_PART = new RegExp(PARTS.join('|'));
/** Too short to be looked for within words: the last word of a name, e.g. of REDIS_AUTH, dbPass, SENTRY_DSN. */
export const LAST_WORDS: ReadonlySet<string> = new Set([
  'auth',
  'cred',
  'creds',
  'dsn',
  'jwt',
  'otp',
  'pass',
  'pat',
  'pin',
  'psk',
  'pwd',
  'sas',
  'sig',
]);
/** A name that ends so speaks about a credential: its value is none. */
export const ABOUT: ReadonlySet<string> = new Set([
  ...['algorithm', 'audience', 'count', 'dir', 'directory', 'enabled', 'expiration', 'expiry', 'file', 'length'],
  ...['limit', 'mode', 'name', 'namespace', 'path', 'policy', 'ref', 'required', 'seconds', 'size', 'stdin', 'timeout'],
  ...['ttl', 'type', 'version'],
]);
/** With a number as value such a name counts what is like credentials: MAX_TOKENS, prompt_tokens. */
export const MEASURES: ReadonlySet<string> = new Set(['max', 'min', 'num', 'number', 'total']);

/** How far a name goes in saying that its value is a credential; `short` words are told from others by context only. */
export type NameStrength = 'none' | 'short' | 'strong';

/** Judges the name of a variable, an annotation, a flag or a field. */
export function nameStrength(name: string): NameStrength {
  const words = wordsOf(name);
  const last = words.at(-1) ?? '';
  if (ABOUT.has(last)) return 'none';
  const plain = words.join('');
  if (ANY_PART.test(plain)) return 'strong';
  return LAST_WORDS.has(last) ? 'short' : 'none';
}

/** Whether a name says that its value is a credential. */
export function isCredentialName(name: string): boolean {
  return nameStrength(name) !== 'none';
}

/** Whether a name ends with what it says is a credential: `db-token`, not `token-service`. */
export function endsAsCredential(name: string): boolean {
  const plain = wordsOf(name).join('');
  return PARTS.some((part) => plain.endsWith(part) || plain.endsWith(`${part}s`));
}

/** The same of an environment variable, where KEY as the last word is enough: APP_KEY, but not PUBLIC_KEY. */
export function isCredentialVariable(name: string): boolean {
  if (isCredentialName(name)) return true;
  if (!/key[^a-z]*$/i.test(name)) return false;
  const words = wordsOf(name);
  return words.at(-1) === 'key' && words.at(-2) !== 'public';
}

/** Values that hide nothing, whatever their name says. */
export const HARMLESS_WORDS: readonly string[] = ['true', 'false', 'null'];
const HARMLESS = new RegExp(
  `^(?:|${HARMLESS_WORDS.join('|')}|redacted:[0-9a-f]{16}|\\$\\([a-z_][\\w.-]{0,252}\\)?|\\$\\{[a-z_]\\w{0,252}\\}?)$`,
  'i',
);

/** Whether a value is no credential, whatever its name says: empty, a truth value, a reference to a variable, redacted. */
export function isHarmless(name: string, value: string): boolean {
  if (HARMLESS.test(value)) return true;
  if (!/^\d{1,9}$/.test(value)) return false;
  const words = wordsOf(name);
  return words.at(-1) === 'tokens' || words.some((word) => MEASURES.has(word));
}

/** `dbPassword2` and `DB_PASSWORD` are `db`, `password`. */
function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z\d])(?=[A-Z])/g, '$1 ')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '');
}
