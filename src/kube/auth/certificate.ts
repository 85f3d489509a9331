import { base64Of } from '../config/base64.ts';
import { type Entry, entryError } from '../config/place.ts';
import { bytesFor } from '../config/read.ts';
import type { UserFields } from '../config/schema.ts';
import { type ClientCertificate, keyPairOf } from './pem.ts';

/** Which halves of a client certificate a user has; refuses what kubectl refuses. */
export function hasCertificate(user: Entry<UserFields>): boolean {
  const given = (field: 'client-certificate' | 'client-key'): boolean => {
    const [file, data] = [user.value[field], user.value[`${field}-data`]];
    if (file !== undefined && data !== undefined) {
      const problem = `${field} and ${field}-data are both given`;
      throw entryError(user, [field], problem, 'Keep one of them; kubectl refuses both, too.');
    }
    return file !== undefined || data !== undefined;
  };
  if (!given('client-certificate')) return false; // A key alone is of no use, and kubectl does not mind it.
  if (given('client-key')) return true;
  const field = user.value['client-certificate'] === undefined ? 'client-certificate-data' : 'client-certificate';
  throw entryError(user, [field], 'a client certificate without a key', 'Add client-key or client-key-data.');
}

/** True where a half stands in a file and so may change. */
export function certificateIsInFiles(user: UserFields): boolean {
  return user['client-certificate'] !== undefined || user['client-key'] !== undefined;
}

/** Reads and checks a user's client certificate and its key; throws a FaroError that names the faulty field. */
export async function readCertificate(
  user: Entry<UserFields>,
): Promise<{ certificate: ClientCertificate; notAfter: number }> {
  const cert = await pemOf(user, 'client-certificate');
  const key = await pemOf(user, 'client-key');
  const pair = keyPairOf(cert.text, key.text);
  if ('certificate' in pair) return pair;
  const half = pair.unusable === 'certificate' ? cert : key;
  const hint = 'Both must be in PEM form and made for each other.';
  throw entryError(user, [half.field], `${half.field} ${pair.why}`, hint);
}

async function pemOf(
  user: Entry<UserFields>,
  half: 'client-certificate' | 'client-key',
): Promise<{ field: string; text: string }> {
  const data = user.value[`${half}-data`];
  if (data !== undefined) {
    const field = `${half}-data`;
    return { field, text: base64Of(user, field, data).toString('latin1') };
  }
  return { field: half, text: (await bytesFor(user, half, user.value[half] ?? '')).toString('latin1') };
}
