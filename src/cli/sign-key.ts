import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { FaroError, messageOf } from '../model/errors.ts';
import { signingKey } from '../story/signature.ts';

/** The key that `--sign-key` names. Throws FaroError `usage`. */
export async function signKeyOf({ signKey }: { readonly signKey?: string }): Promise<KeyObject | undefined> {
  return signKey === undefined ? undefined : signingKey(await readKey(signKey), signKey);
}

/** The text of a key file, which never goes into a message. Throws FaroError `usage`. */
export async function readKey(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new FaroError('usage', `the key ${file} cannot be read: ${messageOf(cause)}`, { cause });
  });
}
