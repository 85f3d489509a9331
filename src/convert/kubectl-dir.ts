import { randomUUID } from 'node:crypto';
import { mkdir, rename } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { FaroError, messageOf } from '../model/errors.ts';
import { checkNewFolder } from '../story/place.ts';
import type { StoryReader } from '../story/reader.ts';
import { temporary } from '../story/temporary.ts';
import { LogFiles } from './log-files.ts';
import { ObjectFiles } from './object-files.ts';

/**
 * A folder as `kubectl cluster-info dump --output-directory -o yaml` lays it out: `NAMESPACE/pods.yaml` and so on with
 * the last state of every object, `NAMESPACE/events.yaml`, `NAMESPACE/POD/logs.txt`; beside that, what kubectl cannot
 * have: the log of each run of each container, in `NAMESPACE/POD/CONTAINER.RESTART.log`, deleted pods included. The
 * folder is there whole or not at all. Throws FaroError `output`.
 */
export async function writeKubectlDir(story: StoryReader, folder: string): Promise<void> {
  await checkNewFolder(folder);
  const path = join(dirname(resolve(folder)), `.${basename(folder)}.${randomUUID()}.faro.tmp`);
  using _temporary = temporary(path);
  try {
    await mkdir(path, { mode: 0o700 });
    const objects = new ObjectFiles(story.head);
    const logs = new LogFiles(path, story.head);
    for await (const entry of story.entries()) {
      if (entry.type === 'log') await logs.take(entry);
      else objects.take(entry);
    }
    await objects.write(path);
    await logs.finish();
    await rename(path, folder); // refused where a folder with anything in it stands there
  } catch (cause) {
    if (cause instanceof FaroError) throw cause;
    const hint = 'name a folder that does not exist yet with -o';
    throw new FaroError('output', `${folder} could not be written: ${messageOf(cause)}`, { cause, hint });
  }
}
