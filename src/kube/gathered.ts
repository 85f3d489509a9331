import { setImmediate } from 'node:timers/promises';
import type { ByteStream } from './transport/http.ts';

/**
 * A body in larger pieces. The kubelet flushes a log line by line, each as a frame of its own, and a piece costs its
 * reader far more than a line does. So after each piece one turn of the event loop passes, in which whatever comes joins
 * the next one; nothing waits for what has not come.
 */
export function gathered(body: ByteStream): ByteStream {
  async function* pieces(): AsyncGenerator<Buffer> {
    for await (const piece of body) {
      yield piece;
      await setImmediate();
    }
  }
  return Object.assign(pieces(), { [Symbol.asyncDispose]: () => body[Symbol.asyncDispose]() });
}
