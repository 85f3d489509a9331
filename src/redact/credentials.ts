/**
 * What looks like a credential. The lists are documented in docs/redaction.md; when in doubt a value is hidden, for a
 * hidden value costs a reader little, and a shown one cannot be taken back. All expressions take linear time.
 */

/** Parts of a name, compared without case, `-`, `_` and `.`. */
const NAME_PARTS = [
  'password',
  'passwd',
  'passphrase',
  'secret',
  'token',
  'apikey',
  'accesskey',
  'privatekey',
  'credential',
  'connectionstring',
  'authorization',
  'bearer',
  'cookie',
  'signingkey',
  'encryptionkey',
  'licensekey',
  'webhookurl',
];
/** Whole names that are too short to be looked for in others. */
const WHOLE_NAMES = new Set(['auth', 'pwd', 'pass', 'dsn', 'sas', 'pat', 'jwt']);

/** Whether the name of an environment variable, an annotation or a flag says that its value is a credential. */
export function isCredentialName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[-_.]/g, '');
  if (NAME_PARTS.some((part) => plain.includes(part))) return true;
  return name
    .toLowerCase()
    .split(/[-_./]/)
    .some((word) => WHOLE_NAMES.has(word));
}

/** Shapes of credentials within a text; each is replaced where it stands. */
const SHAPES: readonly RegExp[] = [
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/g, // JSON Web Token
  /-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[\s\S]{0,20000}?-----END [A-Z ]{0,20}PRIVATE KEY-----/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g, // AWS access key
  /\bgh[pousr]_\w{36,255}/g, // GitHub token
  /\bgithub_pat_\w{22,255}/g,
  /\bglpat-[\w-]{20,64}/g, // GitLab token
  /\bxox[abeprs]-[\w-]{10,255}/g, // Slack token
  /\bAIza[\w-]{35}/g, // Google API key
  /\b[Bb]earer [\w.~+/=-]{12,4096}/g,
];
/** The password of a URL: what stands between the user's colon and the at sign. */
const URL_PASSWORD = /(\b[a-z][a-z\d+.-]{0,30}:\/\/[^\s:/@]{0,256}:)([^\s/@]{1,1024})(@)/gi;
/** `--password=x`, `token: x`: a credential's name and its value within an argument or a message. */
const ASSIGNMENT = /(\b[\w.-]{1,64})(=|: ?)([^\s'",;&]{1,4096})/g;

/** Replaces each credential in a text by what `replace` makes of it. */
export function replaceCredentials(text: string, replace: (credential: string) => string): string {
  let result = text.replace(
    URL_PASSWORD,
    (_all, before: string, password: string, at: string) => `${before}${replace(password)}${at}`,
  );
  for (const shape of SHAPES) result = result.replace(shape, replace);
  return result.replace(ASSIGNMENT, (all, name: string, sign: string, value: string) =>
    isCredentialName(name) && !value.startsWith(REDACTED) && !value.startsWith('$(')
      ? `${name}${sign}${replace(value)}`
      : all,
  );
}

/** How a replaced value begins. */
export const REDACTED = 'redacted:';
