import { FaroError } from '../model/errors.ts';
import { field, path, textOf } from '../model/fields.ts';
import { parseJson } from '../model/json.ts';
import { groupResourceOf, type KubeObject, type ResourceType } from '../model/resource.ts';
import type { WatchFrame } from './client.ts';
import { FOREIGN_HINT, statusError } from './error.ts';
import { objectReader } from './list.ts';
import type { ByteStream } from './transport/http.ts';

const NEWLINE = 10;
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/** Cuts the bytes of a watch into frames: one JSON document a line, of any size up to `maxBytes`, cut anywhere. */
export async function* readFrames(body: ByteStream, type: ResourceType, maxBytes: number): AsyncGenerator<WatchFrame> {
  const readObject = objectReader(type);
  let pending: Buffer[] = [];
  let size = 0;
  const add = (part: Buffer): void => {
    pending.push(part);
    size += part.length;
    if (size > maxBytes) throw failure(type, `sent a frame of more than ${maxBytes} bytes`);
  };
  const take = (): string => {
    const line = Buffer.concat(pending, size).toString('utf8');
    pending = [];
    size = 0;
    return line;
  };
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      add(chunk.subarray(start, end));
      start = end + 1;
      if (size > 0) yield readFrame(parseFrame(take(), type, 'protocol'), type, readObject);
    }
    if (start < chunk.length) add(chunk.subarray(start));
  }
  // The last document may come without a newline; half of one means that something in between cut the connection.
  if (size > 0) yield readFrame(parseFrame(take(), type, 'unreachable'), type, readObject);
}

/** V8's own message quotes the text, which may hold anything: it goes nowhere. */
function parseFrame(line: string, type: ResourceType, code: 'protocol' | 'unreachable'): unknown {
  try {
    return parseJson(line);
  } catch {
    if (code === 'protocol') throw failure(type, 'sent what is no JSON');
    throw new FaroError(code, `the watch of ${groupResourceOf(type)} was cut within a frame`);
  }
}

function readFrame(frame: unknown, type: ResourceType, readObject: (value: unknown) => KubeObject): WatchFrame {
  const what = field(frame, 'type');
  const object = field(frame, 'object');
  switch (what) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type: what, object: readObject(object) };
    case 'BOOKMARK':
      return readBookmark(object, type);
    case 'ERROR':
      return { type: 'ERROR', error: statusError(object, { status: 500 }) };
    default:
      throw failure(type, 'sent a frame of unknown type');
  }
}

function readBookmark(object: unknown, type: ResourceType): WatchFrame {
  const resourceVersion = textOf(path(object, 'metadata', 'resourceVersion'));
  if (resourceVersion === undefined) throw failure(type, 'sent a bookmark without a resourceVersion');
  const initialEventsEnd = path(object, 'metadata', 'annotations', INITIAL_EVENTS_END) === 'true';
  return { type: 'BOOKMARK', resourceVersion, initialEventsEnd };
}

function failure(type: ResourceType, what: string): FaroError {
  return new FaroError('protocol', `the watch of ${groupResourceOf(type)} ${what}`, { hint: FOREIGN_HINT });
}
