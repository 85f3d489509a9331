import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alreadyThere } from '../journal/failure.ts';
import { JournalLock } from '../journal/lock.ts';
import { JournalReader } from '../journal/reader.ts';
import { FaroError } from '../model/errors.ts';

/** Beside the output, so that it is found there after a crash; for standard output in the folder for temporary files. */
export function journalOf(output: string): string {
  return output === '-' ? join(tmpdir(), `faro-${randomUUID()}.journal`) : `${output}.journal`;
}

/** Refuses to record to where a journal is already, and tells what it is of and the way out. Throws FaroError `journal`. */
export async function checkUnused(dir: string): Promise<void> {
  if ((await stat(dir).catch(() => undefined)) === undefined) return; // whatever it is, its creation will tell
  using _lock = JournalLock.forReading(dir);
  if (await holdsNothing(dir))
    throw alreadyThere(dir, { hint: 'its capture was killed before it began: remove the folder to record anew' });
  throw alreadyThere(dir);
}

/** Whether a journal has neither a record nor the remains of one; false of what is no journal. */
async function holdsNothing(dir: string): Promise<boolean> {
  try {
    await using reader = await JournalReader.open(dir);
    for await (const _ of reader.records()) return false;
    return reader.damage.length === 0;
  } catch (error) {
    if (error instanceof FaroError) return false; // whoever reads it is told why it cannot be read
    throw error;
  }
}

/** What can be done with what a capture recorded before it failed. */
export function recoverHint(dir: string): string {
  return `what was recorded is in ${dir}: "faro capture --resume ${dir}" goes on with it, "faro recover ${dir} -o FILE" makes its story`;
}
