import { FaroError } from '../model/errors.ts';
import { readRefusal } from './answer.ts';
import type { ByteStream, KubeClient, RawResponse } from './client.ts';
import { headerOf } from './transport/http.ts';

/** By the clock of a file's node, in milliseconds since the epoch and cut to whole seconds: when it was last written to as it was opened. */
export interface FileTimes {
  readonly modified: number;
  readonly opened: number;
}

/** What a node answers to a request for a file from some byte on. */
export type FileRead =
  /** The bytes from `from` on, which may be before what was asked for: a server need not honour ranges. */
  | {
      readonly type: 'bytes';
      readonly from: number;
      readonly body: ByteStream;
      /** Absent where the node does not tell. */
      readonly times?: FileTimes | undefined;
      /** The file went on behind these bytes when they were asked for. */
      readonly isCut?: boolean;
    }
  /** The file does not reach that far: 416, or an empty file. */
  | { readonly type: 'beyond'; readonly size: number }
  | { readonly type: 'missing' };

/** The files under `/var/log/pods/` of one node. Paths are relative to that folder. */
export interface NodeFiles {
  /** How they are read, for people: `the API server (nodes/proxy)`. */
  readonly through: string;
  /** The names in a folder, without directories; undefined where there is no such folder. Throws ApiError for other refusals. */
  list(folder: string, signal: AbortSignal): Promise<readonly string[] | undefined>;
  /**
   * A file's bytes from `from` on; of a negative one, as many from its end, or all. A node that honours ranges gives `most`
   * of them at most. Throws ApiError for refusals. Consume or dispose the body.
   */
  read(file: string, from: number, signal: AbortSignal, most?: number): Promise<FileRead>;
}

/** The longest silence of a node, in milliseconds, before an answer or within it. */
const SILENCE_MS = 30_000;
const LISTING_BYTES = 16 * 1024 * 1024;

/**
 * Reads a node's log files with ranged requests to the kubelet's file handler, at `root`: the kubelet's own
 * `/logs/pods/`, or the same through the API server.
 */
export class HttpNodeFiles implements NodeFiles {
  readonly through: string;
  readonly #client: Pick<KubeClient, 'raw'>;
  readonly #root: string;

  constructor(client: Pick<KubeClient, 'raw'>, at: { readonly root: string; readonly through: string }) {
    this.#client = client;
    this.#root = at.root;
    this.through = at.through;
  }

  async list(folder: string, signal: AbortSignal): Promise<readonly string[] | undefined> {
    const path = `${this.#root}${folder}`;
    const response = await this.#client.raw(path, { maxSilenceMs: SILENCE_MS, isSmall: true }, signal);
    await using _body = response.body;
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw await refusal(response, path);
    const parts: Buffer[] = [];
    let size = 0;
    for await (const chunk of whole(response)) {
      size += chunk.length;
      if (size <= LISTING_BYTES) parts.push(chunk);
    }
    return namesIn(Buffer.concat(parts).toString('utf8'));
  }

  async read(file: string, from: number, signal: AbortSignal, most?: number): Promise<FileRead> {
    const path = `${this.#root}${file}`;
    // Without a conditional header: the server's times have whole seconds and would hide growth.
    const headers = from === 0 && most === undefined ? {} : { range: rangeOf(from, most) };
    const response = await this.#client.raw(path, { headers, maxSilenceMs: SILENCE_MS }, signal);
    switch (response.status) {
      case 206:
        return { type: 'bytes', from, body: whole(response), times: timesIn(response), isCut: isCut(response, most) };
      case 200:
        if (headerOf(response, 'content-length') === '0') return dropped(response, { type: 'beyond', size: 0 });
        return { type: 'bytes', from: 0, body: whole(response), times: timesIn(response) };
      case 416:
        return dropped(response, { type: 'beyond', size: sizeIn(headerOf(response, 'content-range')) });
      case 404:
        return dropped(response, { type: 'missing' });
      default:
        return refused(response, path);
    }
  }
}

/**
 * A body that fails where it ends before all that was announced has come. A file that seems shorter than it is would look
 * as if it had been replaced, and not every transport tells.
 */
function whole({ headers, body }: RawResponse): ByteStream {
  const announced = Number(headerOf({ headers }, 'content-length') ?? Number.NaN);
  async function* checked(chunks: AsyncIterable<Buffer>) {
    let size = 0;
    for await (const chunk of chunks) {
      size += chunk.length;
      yield chunk;
    }
    if (size < announced) throw new FaroError('unreachable', `the answer ended after ${size} of ${announced} bytes`);
  }
  return {
    [Symbol.asyncIterator]: () => checked(body),
    lent: { [Symbol.asyncIterator]: () => checked(body.lent ?? body) },
    [Symbol.asyncDispose]: () => body[Symbol.asyncDispose](),
  };
}

/** The kubelet's own words; the API server passes them on as they are. */
function timesIn(response: RawResponse): FileTimes | undefined {
  const [modified, opened] = ['last-modified', 'date'].map((name) => Date.parse(headerOf(response, name) ?? ''));
  if (modified === undefined || opened === undefined || Number.isNaN(modified + opened)) return undefined;
  return { modified, opened };
}

async function dropped(response: RawResponse, read: FileRead): Promise<FileRead> {
  await response.body[Symbol.asyncDispose]();
  return read;
}

async function refused(response: RawResponse, path: string): Promise<never> {
  await using _body = response.body;
  throw await refusal(response, path);
}

function refusal(response: RawResponse, path: string): Promise<Error> {
  return readRefusal(response, { method: 'GET', path, headers: {}, lane: 'files' });
}

function rangeOf(from: number, most: number | undefined): string {
  if (from < 0) return `bytes=${from}`;
  return `bytes=${from}-${most === undefined ? '' : from + most - 1}`;
}

/** `bytes FROM-TO/SIZE`; a server that does not tell the size may have more whenever it gives all that was asked for. */
function isCut(response: RawResponse, most = Number.POSITIVE_INFINITY): boolean {
  const [, to, size] = /^bytes \d+-(\d+)\/(\d+)$/.exec(headerOf(response, 'content-range') ?? '') ?? [];
  if (to !== undefined) return Number(to) + 1 < Number(size);
  return Number(headerOf(response, 'content-length') ?? most) >= most;
}

/** `bytes *\/SIZE`. */
function sizeIn(contentRange: string | undefined): number {
  const size = Number(/^bytes \*\/(\d+)$/.exec(contentRange ?? '')?.[1]);
  return Number.isSafeInteger(size) ? size : 0;
}

/** Go's file server lists a folder as links with escaped names, directories with a slash behind them. */
function namesIn(html: string): string[] {
  return [...html.matchAll(/<a href="([^"]*)">/g)].flatMap(([, href = '']) => {
    if (href.endsWith('/')) return [];
    const name = href.split('/').at(-1) ?? '';
    try {
      return decodeURIComponent(name.replaceAll('&amp;', '&'));
    } catch {
      return []; // no name that a kubelet gives to a log
    }
  });
}
