import { Branch } from '../../model/branch.ts';
import { FaroError } from '../../model/errors.ts';
import { Alarm } from './alarm.ts';
import { type HttpRequest, type HttpResponse, pathOnly } from './http.ts';
import { Silence } from './silence.ts';

/** One connection (or, in HTTP/1.1, one way to get connections), and what may still be opened on it. */
export interface Channel {
  /** Whether it takes new streams. */
  readonly isUsable: boolean;
  readonly isClosed: boolean;
  /** Nothing is open on it, nor about to be. */
  readonly isIdle: boolean;
  /** Takes the room of one stream, for one `open`; false where there is none left. */
  reserve(): boolean;
  /** Resolves when the headers are there. */
  open(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
  /** Takes no new streams, and closes when the last has ended. */
  retire(): void;
  close(): void;
}

/** The server has not begun to work on a request: it may be sent again, whatever its method (RFC 9113, 8.7). */
export class Unprocessed extends Error {}

/**
 * One call on a channel: it ends by itself, by its caller's signal, or by the server's silence. Nothing of it stays with
 * its caller's signal, which may live as long as the program, nor in a timer.
 */
export class CallLife {
  /** Aborts at the caller's signal, at too long a silence, or where it takes too long in all. */
  readonly signal: AbortSignal;
  readonly #silence: Silence | undefined;
  readonly #end: () => void = () => undefined;

  constructor(request: HttpRequest, origin: string, signal: AbortSignal) {
    const { maxSilenceMs, maxMs, path } = request;
    this.signal = signal;
    if (maxSilenceMs === undefined && maxMs === undefined) return;
    const branch = new Branch(signal);
    this.signal = branch.signal;
    const late = (ms: number) => () => branch.abort(lateError(origin, path, ms));
    if (maxSilenceMs !== undefined) this.#silence = new Silence(maxSilenceMs, late(maxSilenceMs));
    const alarm = maxMs === undefined ? undefined : new Alarm(maxMs, late(maxMs));
    this.#end = () => {
      branch.leave();
      alarm?.off();
    };
  }

  heard(): void {
    this.#silence?.heard();
  }

  end(): void {
    this.#silence?.end();
    this.#end();
  }
}

function lateError(origin: string, path: string, ms: number): FaroError {
  return new FaroError('unreachable', `${origin} gave no answer to ${pathOnly(path)} within ${ms / 1000} s`, {
    hint: 'the server is overloaded, or something between here and it is broken; try again',
  });
}
