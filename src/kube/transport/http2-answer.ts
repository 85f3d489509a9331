import { type ClientHttp2Stream, constants } from 'node:http2';
import { once } from '../../model/once.ts';
import { type CallLife, Unprocessed } from './channel.ts';
import type { HttpResponse } from './http.ts';
import { StreamBody } from './stream-body.ts';

const { NGHTTP2_CANCEL, NGHTTP2_REFUSED_STREAM } = constants;

export interface AnswerOptions {
  readonly life: CallLife;
  readonly origin: string;
  /** Called once, when the server no longer counts the stream. */
  readonly ended: () => void;
}

/** The answer that a stream brings; rejects where it breaks first. A break after the headers is told to the body's reader. */
export function answerOf(stream: ClientHttp2Stream, { life, origin, ended }: AnswerOptions): Promise<HttpResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
  const cancel = (): void => end(stream);
  const isWhole = wholenessOf(stream);
  const body = { origin, signal: life.signal, heard: () => life.heard(), cancel, isWhole };
  const endOnce = once(ended);
  life.signal.addEventListener('abort', cancel, { once: true });
  stream.once('response', (headers) => {
    life.heard();
    resolve({ status: Number(headers[':status']), headers, body: new StreamBody(stream, body) });
  });
  stream.once('error', (error) => reject(errorOf(stream, error)));
  // The server's count goes down with the last frame, before Node has cleared the stream away.
  stream.once('end', endOnce);
  stream.once('close', () => {
    life.end();
    life.signal.removeEventListener('abort', cancel);
    endOnce();
    reject(life.signal.aborted ? life.signal.reason : errorOf(stream, new Error('the connection was closed')));
  });
  if (life.signal.aborted) cancel();
  return promise;
}

/**
 * Whether the server has ended a stream (END_STREAM). One that is reset without an error ends for its reader just as well: Node
 * pushes the end of both, but of a stream that is reset only when that counts as closed.
 */
function wholenessOf(stream: ClientHttp2Stream): () => boolean {
  let isWhole = false;
  const push = stream.push.bind(stream);
  stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk === null && !stream.closed) isWhole = true;
    return push(chunk, encoding);
  };
  return () => isWhole;
}

/** Without destroy() a stream whose body nobody reads would never close, and keep its room. */
function end(stream: ClientHttp2Stream): void {
  if (stream.readableEnded) return;
  stream.close(NGHTTP2_CANCEL);
  stream.destroy();
}

function errorOf(stream: ClientHttp2Stream, error: Error): Error {
  if (stream.rstCode !== NGHTTP2_REFUSED_STREAM) return error;
  return new Unprocessed('the server refused the stream', { cause: error });
}
