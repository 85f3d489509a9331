import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { FaroError } from '../../model/errors.ts';
import { type Kubeconfig, mergeKubeconfigs, parseKubeconfig } from './kubeconfig.ts';
import { readBytes, UnreadableFile } from './read.ts';

/** The kubeconfigs that were found, merged. */
export interface LoadedKubeconfig extends Kubeconfig {
  /** Names of the files that were read, in their order. */
  readonly read: readonly string[];
  /** Names of files that were looked for and are not there. */
  readonly missing: readonly string[];
}

/** Finds, reads and merges kubeconfigs: --kubeconfig alone, else the list in KUBECONFIG, else ~/.kube/config. */
export async function loadKubeconfig(explicit: string | undefined, env: NodeJS.ProcessEnv): Promise<LoadedKubeconfig> {
  const found: { name: string; config: Kubeconfig }[] = [];
  const missing: string[] = [];
  for (const name of explicit ? [explicit] : defaultFiles(env)) {
    const bytes = await bytesOf(name, explicit ? '--kubeconfig' : 'kubeconfig');
    if (bytes !== undefined) found.push({ name, config: parseKubeconfig(bytes, name) });
    else if (explicit) throw notThere(name);
    else missing.push(name);
  }
  const merged = mergeKubeconfigs(found.map(({ config }) => config));
  return { ...merged, read: found.map(({ name }) => name), missing };
}

function defaultFiles(env: NodeJS.ProcessEnv): string[] {
  if (!env.KUBECONFIG) return [join(homeFolder(env), '.kube', 'config')];
  return [...new Set(env.KUBECONFIG.split(delimiter))].filter((name) => name !== '');
}

/** The user's folder by the environment alone, as kubectl finds it; on Windows the first with a kubeconfig in it. */
function homeFolder(env: NodeJS.ProcessEnv): string {
  if (process.platform !== 'win32') return env.HOME ?? '';
  const homePath = env.HOMEDRIVE && env.HOMEPATH ? env.HOMEDRIVE + env.HOMEPATH : undefined;
  const holdsConfig = [env.HOME, homePath, env.USERPROFILE].find(
    (folder) => folder && existsSync(join(folder, '.kube', 'config')),
  );
  return holdsConfig || env.HOME || env.USERPROFILE || homePath || '';
}

/** The file's bytes, or undefined where it does not exist. */
async function bytesOf(name: string, what: string): Promise<Buffer | undefined> {
  try {
    return await readBytes(name);
  } catch (error) {
    if (error instanceof UnreadableFile && error.missing) return undefined;
    throw new FaroError('kubeconfig', `${what}: ${error instanceof UnreadableFile ? error.message : name}`, {
      hint: 'Make the file readable, or name another one with --kubeconfig or KUBECONFIG.',
      cause: error,
    });
  }
}

function notThere(name: string): FaroError {
  return new FaroError('kubeconfig', `--kubeconfig: ${name} does not exist`, {
    hint: 'Correct the path, or leave --kubeconfig out to use KUBECONFIG or ~/.kube/config.',
  });
}
