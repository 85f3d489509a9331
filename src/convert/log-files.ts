import { createReadStream } from 'node:fs';
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoryContainer, TimelineEntry } from '../story/document.ts';
import type { StoryHead } from '../story/reader.ts';
import { safeName } from './safe-name.ts';

/** What is held back in all before it is appended to the files. */
const HELD = 8 * 1024 * 1024;
const NEWLINE = Buffer.from('\n');

/** Writes each container run's lines to a file of its own, then each pod's `logs.txt` of its last runs. */
export class LogFiles {
  readonly #folder: string;
  readonly #head: StoryHead;
  readonly #held = new Map<number, Buffer[]>();
  #heldBytes = 0;

  constructor(folder: string, head: StoryHead) {
    this.#folder = folder;
    this.#head = head;
  }

  async take({ container, line, bytes }: Extract<TimelineEntry, { type: 'log' }>): Promise<void> {
    const content = line === undefined ? Buffer.from(bytes ?? '', 'base64') : Buffer.from(line);
    const held = this.#held.get(container) ?? [];
    held.push(content, NEWLINE);
    this.#held.set(container, held);
    this.#heldBytes += content.length + 1;
    if (this.#heldBytes >= HELD) await this.#flush();
  }

  async finish(): Promise<void> {
    await this.#flush();
    const last = new Map<string, number>();
    for (const [index, container] of this.#head.containers.entries()) {
      const key = `${container.object}/${container.name}`;
      if (container.restart >= (this.#head.containers[last.get(key) ?? -1]?.restart ?? -1)) last.set(key, index);
    }
    for (const index of last.values()) await this.#addToPod(index);
  }

  async #flush(): Promise<void> {
    for (const [index, parts] of this.#held) {
      const container = this.#head.containers[index];
      if (container !== undefined) await appendFile(await this.#fileOf(container), Buffer.concat(parts));
    }
    this.#held.clear();
    this.#heldBytes = 0;
  }

  async #addToPod(index: number): Promise<void> {
    const container = this.#head.containers[index];
    if (container === undefined) return;
    const pod = this.#head.objects[container.object];
    const file = join(await this.#podFolder(container), 'logs.txt');
    const what = `logs for container ${container.name} of pod ${pod?.namespace}/${pod?.name}`;
    await appendFile(file, `==== START ${what} ====\n`);
    if (container.ledger.lines > 0)
      for await (const part of createReadStream(await this.#fileOf(container))) await appendFile(file, part as Buffer);
    await appendFile(file, `==== END ${what} ====\n`);
  }

  async #fileOf(container: StoryContainer): Promise<string> {
    return join(await this.#podFolder(container), `${safeName(container.name)}.${container.restart}.log`);
  }

  async #podFolder({ object }: StoryContainer): Promise<string> {
    const pod = this.#head.objects[object];
    // Of pods of one name, all but the last bear their UID, too.
    const isLast =
      this.#head.objects.findLastIndex(
        ({ kind, namespace, name }) => kind === pod?.kind && namespace === pod.namespace && name === pod.name,
      ) === object;
    const name = isLast ? safeName(pod?.name ?? '') : safeName(`${pod?.name}.${pod?.uid}`);
    const folder = join(this.#folder, safeName(pod?.namespace ?? 'default'), name);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  }
}
