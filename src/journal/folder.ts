import { stat } from 'node:fs/promises';
import { codeOf, FaroError, messageOf } from '../model/errors.ts';

const HINT = 'a journal is the folder beside a story, named like story.json.journal';

/** Finds out what a folder's name stands for, before anything is done with it. Throws FaroError `journal` if not for a folder. */
export async function checkFolder(dir: string): Promise<void> {
  try {
    if ((await stat(dir)).isDirectory()) return;
  } catch (cause) {
    const code = codeOf(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new FaroError('journal', `there is no journal ${dir}`, { cause, hint: HINT });
    throw new FaroError('journal', `the journal ${dir} cannot be read: ${messageOf(cause)}`, { cause });
  }
  throw new FaroError('journal', `${dir} is a file, and no journal`, { hint: HINT });
}
