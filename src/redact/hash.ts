import { createHmac } from 'node:crypto';

/** How a replaced value begins. */
const REDACTED = 'redacted:';

/**
 * What stands for a redacted value: `redacted:` and 16 hexadecimal digits, keyed for one story. Equal values stay equal,
 * so that a change still shows; nobody without the key can try values out.
 */
export function redactedHash(key: Buffer, value: string | Buffer): string {
  return `${REDACTED}${createHmac('sha256', key).update(value).digest('hex').slice(0, 16)}`;
}
