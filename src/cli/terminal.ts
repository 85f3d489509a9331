import type { ReadStream, WriteStream } from 'node:tty';

/** The terminal that a person watches, with what else is said held back while a screen is drawn on it. */
export class Terminal {
  readonly output: WriteStream;
  readonly #input: ReadStream | undefined;
  #held: string[] | undefined;

  /** `input` where keys can be read. */
  constructor(output: WriteStream, input: ReadStream | undefined) {
    this.output = output;
    this.#input = input;
  }

  /** Writes a text, or keeps it until the screen is given back. */
  say(text: string): void {
    if (this.#held === undefined) this.output.write(text);
    else this.#held.push(text);
  }

  /**
   * Takes the terminal for a screen: keys go to `onKeys`, sizes are told, and whatever ends the process, `restore` is
   * called first (only SIGKILL leaves a terminal as it is). Disposing gives it back.
   */
  take({ onKeys, onResize, restore }: ScreenHandlers): Disposable {
    this.#held = [];
    const onData = (chunk: Buffer) => onKeys(chunk.toString('utf8'));
    const giveBack = () => {
      restore();
      this.#input?.setRawMode(false);
    };
    const hangUp = () => {
      giveBack();
      process.kill(process.pid, 'SIGHUP');
    };
    process.on('exit', giveBack).once('SIGHUP', hangUp);
    this.output.on('resize', onResize);
    this.#input?.setRawMode(true).resume().on('data', onData);
    return {
      [Symbol.dispose]: () => {
        giveBack();
        process.off('exit', giveBack).off('SIGHUP', hangUp);
        this.output.off('resize', onResize);
        this.#input?.off('data', onData).pause();
        for (const text of this.#held ?? []) this.output.write(text);
        this.#held = undefined;
      },
    };
  }

  /** Ctrl-Z: the shell gets the terminal until it is told to go on. */
  suspend({ restore, enter }: { readonly restore: () => void; readonly enter: () => void }): void {
    restore();
    this.#input?.setRawMode(false);
    process.once('SIGCONT', () => {
      this.#input?.setRawMode(true);
      enter();
    });
    process.kill(process.pid, 'SIGTSTP');
  }
}

export interface ScreenHandlers {
  readonly onKeys: (input: string) => void;
  readonly onResize: () => void;
  readonly restore: () => void;
}
