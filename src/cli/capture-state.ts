import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { codeOf, FaroError, messageOf } from '../model/errors.ts';
import { field } from '../model/fields.ts';
import { parseJson } from '../model/json.ts';
import type { CaptureOptions } from './options.ts';

/** Beside the segments of a journal: what its capture was asked for. Only its owner may read it. */
const FILE = 'capture.json';
const FORMAT = 1;

/** What a capture that is killed leaves for the one that goes on with it. */
export interface CaptureState {
  readonly options: Partial<CaptureOptions>;
  /** Of the redactor: with another one, an unchanged value would look changed. */
  readonly redactionKey: Buffer;
}

/** How faro itself speaks, and what is asked for anew each time. A token is a secret, and belongs into no file. */
const NOT_KEPT = ['token', 'logLevel', 'logFormat', 'progress', 'force', 'resume'] as const;
/** A resumed capture may be begun from another folder. */
const PATHS = ['output', 'kubeconfig', 'kubeletCa', 'report', 'junit', 'summary', 'signKey'] as const;

/** Writes down what a capture was asked for; with a new key for its redactor. */
export async function writeState(dir: string, options: Partial<CaptureOptions>, cwd: string): Promise<CaptureState> {
  const kept: Record<string, unknown> = { ...options };
  for (const name of NOT_KEPT) delete kept[name];
  for (const name of PATHS) {
    const path = kept[name];
    if (typeof path === 'string' && path !== '-') kept[name] = resolve(cwd, path);
  }
  const redactionKey = randomBytes(32);
  const state = { format: FORMAT, options: kept, redactionKey: redactionKey.toString('base64') };
  await writeFile(join(dir, FILE), `${JSON.stringify(state)}\n`, { mode: 0o600, flush: true });
  return { options: kept, redactionKey };
}

/** Throws FaroError `journal` where there is none, or none that this version knows. */
export async function readState(dir: string): Promise<CaptureState> {
  let state: unknown;
  try {
    state = parseJson(await readFile(join(dir, FILE), 'utf8'));
  } catch (cause) {
    const isMissing = codeOf(cause) === 'ENOENT';
    const why = isMissing ? 'it does not say what its capture was asked for' : messageOf(cause);
    throw notResumable(dir, `${why}: it is of an older faro, or was not made by faro capture`, cause);
  }
  const [format, options, key] = ['format', 'options', 'redactionKey'].map((name) => field(state, name));
  if (format !== FORMAT || typeof options !== 'object' || options === null || typeof key !== 'string')
    throw notResumable(dir, `what its capture was asked for is in a form of another version of faro`);
  // What stands there is what this program wrote: no other shape passes for it.
  return { options: options as Partial<CaptureOptions>, redactionKey: Buffer.from(key, 'base64') };
}

export function notResumable(dir: string, why: string, cause?: unknown): FaroError {
  return new FaroError('journal', `the journal ${dir} cannot be resumed: ${why}`, {
    cause,
    hint: `"faro recover ${dir} -o FILE" makes the story of what it holds`,
  });
}
