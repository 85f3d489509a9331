import { FaroError, messageOf } from '../model/errors.ts';
import { parseJson } from '../model/json.ts';
import { type ApiError, FOREIGN_HINT, refusalError } from './error.ts';
import { gunzip, gunzipOnTheSpot } from './gunzip.ts';
import { PROTOBUF, readDocument } from './metadata-protobuf.ts';
import { type HttpRequest, type HttpResponse, headerOf, pathOnly } from './transport/http.ts';

/** Beyond this nobody reads an error. */
const REFUSAL_BYTES = 1024 * 1024;

/** Reads the JSON of a successful answer. Throws FaroError `protocol` where it is none. */
export async function readJson(response: HttpResponse, request: HttpRequest, maxBytes: number): Promise<unknown> {
  const what = nameOf(request);
  requireJson(response, what);
  const text = (await readBytes(response, maxBytes, what)).toString('utf8');
  try {
    return parseJson(text);
  } catch {
    // V8's own message quotes the text, which may hold anything: it goes nowhere.
    throw new FaroError('protocol', `${what} was answered with what is no JSON`, { hint: FOREIGN_HINT });
  }
}

/** The same of an answer that may come as protobuf, too. */
export async function readPlacements(response: HttpResponse, request: HttpRequest, maxBytes: number): Promise<unknown> {
  if (!isProtobuf(response)) return readJson(response, request, maxBytes);
  const what = nameOf(request);
  const bytes = await readBytes(response, maxBytes, what);
  try {
    return readDocument(bytes);
  } catch (cause) {
    throw new FaroError('protocol', `${what} was answered with what is no protobuf`, { cause, hint: FOREIGN_HINT });
  }
}

/** Throws where an answer says that it is something else than JSON; one that does not say is given a chance. */
export function requireJson(response: HttpResponse, what: string): void {
  const type = headerOf(response, 'content-type');
  if (type === undefined || /json\b/.test(type)) return;
  throw new FaroError('protocol', `${what} was answered with ${type.split(';', 1)[0]}, not with JSON`, {
    hint: FOREIGN_HINT,
  });
}

/** What a watch or a list of placements is answered with, refusals included, by a server that has it. */
export function isProtobuf(response: HttpResponse): boolean {
  return headerOf(response, 'content-type')?.startsWith(PROTOBUF) === true;
}

/** Reads an answer that is no success, as the error that it is. */
export async function readRefusal(response: HttpResponse, request: HttpRequest): Promise<ApiError> {
  const what = nameOf(request);
  const bytes = await readBytes(response, REFUSAL_BYTES, what);
  const body = isProtobuf(response) ? maybeDocument(bytes) : maybeJson(bytes.toString('utf8'));
  const contentType = headerOf(response, 'content-type');
  const retryAfter = headerOf(response, 'retry-after');
  return refusalError({ status: response.status, what, body, contentType, retryAfter });
}

/** `GET /api/v1/pods`. */
export function nameOf({ method, path }: Pick<HttpRequest, 'method' | 'path'>): string {
  return `${method} ${pathOnly(path)}`;
}

async function readBytes(response: HttpResponse, maxBytes: number, what: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of plainBytes(response, what)) {
    size += chunk.length;
    if (size > maxBytes) throw new FaroError('protocol', `the answer to ${what} is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** The bytes of an answer, decompressed as they come. */
function plainBytes(response: HttpResponse, what: string): AsyncIterable<Buffer> {
  return isGzip(response) ? named(gunzip(response.body), what) : response.body;
}

/** The same for a watch, whose frames are small and never wait for each other. */
export function plainFrames(response: HttpResponse, what: string): AsyncIterable<Buffer> {
  return isGzip(response) ? named(gunzipOnTheSpot(response.body), what) : response.body;
}

export function isGzip(response: HttpResponse): boolean {
  return headerOf(response, 'content-encoding') === 'gzip';
}

async function* named(bytes: AsyncIterable<Buffer>, what: string): AsyncGenerator<Buffer> {
  try {
    yield* bytes;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('Z_'))
      throw new FaroError('protocol', `the answer to ${what} is no whole gzip: ${messageOf(cause)}`, { cause });
    throw cause;
  }
}

function maybeJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return text; // an error page, or a kubelet's plain words
  }
}

function maybeDocument(bytes: Buffer): unknown {
  try {
    return readDocument(bytes);
  } catch {
    return undefined; // whatever it is, it says less than its status
  }
}
