import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JournalLock } from '../journal/lock.ts';
import { FaroError } from '../model/errors.ts';

/** Beside the output, so that it is found there after a crash; for standard output in the folder for temporary files. */
export function journalOf(output: string): string {
  return output === '-' ? join(tmpdir(), `faro-${randomUUID()}.journal`) : `${output}.journal`;
}

/** Refuses to record to where a journal is already, and tells what it is of and the way out. Throws FaroError `journal`. */
export async function checkUnused(dir: string): Promise<void> {
  if ((await stat(dir).catch(() => undefined)) === undefined) return; // whatever it is, its creation will tell
  using _lock = JournalLock.forReading(dir);
  throw new FaroError('journal', `there is a journal already: ${dir}`, { hint: wayOut(dir) });
}

/** What can be done with the journal of a capture that was killed. */
function wayOut(dir: string): string {
  return `it is of a capture that was killed: "faro capture --resume ${dir}" goes on with it, "faro recover ${dir} -o FILE" makes its story; remove the folder to record anew`;
}

/** What can be done with what a capture recorded before it failed. */
export function recoverHint(dir: string): string {
  return `what was recorded is in ${dir}: "faro capture --resume ${dir}" goes on with it, "faro recover ${dir} -o FILE" makes its story`;
}
