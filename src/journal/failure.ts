import { codeOf, FaroError, messageOf } from '../model/errors.ts';

/** A disk that is full or over quota, mounted read-only for a while, or that failed once: it may pass. */
const PASSING: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO']);

export function isPassing(cause: unknown): boolean {
  return PASSING.has(codeOf(cause));
}

export function cannotWrite(dir: string, cause: unknown): FaroError {
  const hint = 'free some space, or write to another disk; what was synced before is kept';
  return new FaroError('journal', `the journal ${dir} cannot be written: ${messageOf(cause)}`, { cause, hint });
}

export function cannotCreate(dir: string, cause: unknown): FaroError {
  if (codeOf(cause) === 'EEXIST') return alreadyThere(dir, { cause });
  return new FaroError('journal', `the journal ${dir} cannot be created: ${messageOf(cause)}`, { cause });
}

/** @param how `hint`: what can be done with it, where it is known to be of no use */
export function alreadyThere(dir: string, how: { readonly cause?: unknown; readonly hint?: string } = {}): FaroError {
  const hint = `where its capture was killed, "faro capture --resume ${dir}" goes on with it; "faro recover ${dir} -o FILE" makes its story; remove the folder to record anew`;
  return new FaroError('journal', `there is a journal already: ${dir}`, { hint, ...how });
}
