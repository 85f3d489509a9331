import type { OnReadOpts, Socket } from 'node:net';

const BLOCK_BYTES = 256 * 1024;

/** What was received of a block; with its `last` part it may be filled again. */
interface Part {
  readonly bytes: Buffer;
  readonly isLast: boolean;
}

/**
 * Reads a connection in large blocks of memory that are filled again and again. Node gives each TLS record (16 KiB at
 * most) memory of its own and a way through its streams, which costs more than to decrypt it; here records are gathered
 * where they are decrypted, until a block is full or the turn of the event loop ends. Who does not read holds the sender
 * back.
 */
export class BlockReader {
  /** For a connection that is begun with it: what comes is written straight into the blocks. */
  readonly onread: OnReadOpts = {
    // Asked for behind each callback, for what comes next: only there may another block take the place of this one.
    buffer: () => this.#block.subarray(this.#to),
    callback: (count) => this.#take(count),
  };
  #socket: Socket | undefined;
  #block: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  /** What of it has come and was not handed on. */
  #from = 0;
  #to = 0;
  /** The rest of full ones, which nobody has asked for yet: of one, and what comes although no more is asked for. */
  #full: Part[] = [];
  #lent: Part | undefined;
  #free: Buffer | undefined;
  #waiting: PromiseWithResolvers<Buffer | undefined> | undefined;
  #isWakeDue = false;
  #isPaused = false;
  #end: { readonly error?: Error } | undefined;

  /** Begins to read a connection. One that was not begun with `onread` is read in Node's own way, and copied. */
  attach(socket: Socket, { isBegun }: { readonly isBegun: boolean }): void {
    this.#socket = socket;
    if (!isBegun) socket.on('data', (chunk: Buffer) => this.#copy(chunk));
    socket.once('end', () => this.#finish({}));
    socket.on('error', (error) => this.#finish({ error }));
    socket.once('close', () => this.#finish({ error: new Error('the connection was closed') }));
  }

  /** The connection is open, and nothing has come that was not asked for. */
  get isQuiet(): boolean {
    return this.#end === undefined && this.#ready === 0;
  }

  /** What came since; it holds until the next call. Undefined at the end; rejects where the connection broke. */
  async next(): Promise<Buffer | undefined> {
    if (this.#lent?.isLast === true) this.#free = this.#lent.bytes;
    this.#lent = undefined;
    if (this.#ready > 0) return this.#lend();
    if (this.#end !== undefined) {
      if (this.#end.error !== undefined) throw this.#end.error;
      return undefined;
    }
    this.#goOn();
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  get #ready(): number {
    return this.#full.length + this.#to - this.#from;
  }

  #lend(): Buffer {
    const part = this.#full.shift() ?? { bytes: this.#block.subarray(this.#from, this.#to), isLast: false };
    if (!part.isLast) this.#from = this.#to;
    this.#lent = part;
    if (this.#full.length === 0) this.#goOn();
    return part.bytes;
  }

  /** Returns whether to read on. */
  #take(count: number): boolean {
    this.#to += count;
    const isFull = this.#to === BLOCK_BYTES;
    if (isFull) this.#change();
    if (this.#waiting === undefined) {
      // Although no more is asked for, what was received already is decrypted and comes.
      this.#isPaused = this.#full.length > 0;
      return !this.#isPaused;
    }
    if (isFull) this.#wake();
    else if (!this.#isWakeDue) {
      this.#isWakeDue = true;
      setImmediate(() => {
        this.#isWakeDue = false;
        this.#wake();
      });
    }
    return true;
  }

  /** The block is full: another one is filled from here on. */
  #change(): void {
    this.#full.push({ bytes: this.#block.subarray(this.#from), isLast: true });
    this.#block = this.#free === undefined ? Buffer.allocUnsafeSlow(BLOCK_BYTES) : Buffer.from(this.#free.buffer);
    this.#free = undefined;
    this.#from = 0;
    this.#to = 0;
  }

  #copy(chunk: Buffer): void {
    let mayGoOn = true;
    for (let at = 0; at < chunk.length; ) {
      const count = chunk.copy(this.#block, this.#to, at);
      at += count;
      mayGoOn = this.#take(count);
    }
    if (!mayGoOn) this.#socket?.pause();
  }

  #wake(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#ready === 0) return;
    this.#waiting = undefined;
    waiting.resolve(this.#lend());
  }

  #goOn(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket?.resume();
  }

  #finish(end: { readonly error?: Error }): void {
    this.#end ??= end;
    this.#wake();
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    if (this.#end.error === undefined) waiting.resolve(undefined);
    else waiting.reject(this.#end.error);
  }
}
