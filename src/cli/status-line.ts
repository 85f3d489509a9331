import { clearLine, cursorTo } from 'node:readline';
import type { Root } from '../model/record.ts';
import type { Recorder } from '../record/record.ts';
import type { CommandContext } from './context.ts';

const REFRESH_MS = 250;

/** One line on a terminal that says what was recorded so far; nothing anywhere else. */
export class StatusLine implements Disposable {
  readonly #stderr: NodeJS.WritableStream;
  readonly #timer: NodeJS.Timeout;

  private constructor(stderr: NodeJS.WritableStream, text: () => string) {
    this.#stderr = stderr;
    this.#timer = setInterval(() => this.#draw(text()), REFRESH_MS);
  }

  static start(recorder: Recorder, roots: readonly Root[], context: CommandContext): Disposable {
    const { stderr, clock } = context;
    if (stderr.isTTY !== true || !isStream(stderr)) return { [Symbol.dispose]: () => undefined };
    const startedAt = clock.now();
    const names = roots.map(({ resource, name }) => `${resource}/${name}`).join(' ');
    return new StatusLine(stderr, () => {
      const line = `recording ${names}  ${statusOf(recorder, clock.now() - startedAt)}  Ctrl-C ends it`;
      return line.slice(0, (context.stderr.columns ?? 80) - 1);
    });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    cursorTo(this.#stderr, 0);
    clearLine(this.#stderr, 0);
  }

  #draw(text: string): void {
    cursorTo(this.#stderr, 0);
    this.#stderr.write(text);
    clearLine(this.#stderr, 1);
  }
}

function statusOf(recorder: Recorder, milliseconds: number): string {
  const { objects, events, logLines, openLogs, gaps } = recorder.progress;
  const count = (value: number) => value.toLocaleString('en-US');
  const parts = [
    `${count(objects)} objects`,
    `${count(events)} events`,
    `${count(logLines)} lines`,
    `${openLogs} logs open`,
  ];
  if (gaps > 0) parts.push(`${count(gaps)} gaps`);
  return `${Math.floor(milliseconds / 1000)}s  ${parts.join('  ')}`;
}

function isStream(stream: object): stream is NodeJS.WritableStream {
  return 'end' in stream;
}
