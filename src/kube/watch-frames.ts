import { FaroError, messageOf } from '../model/errors.ts';
import { field, path, textOf } from '../model/fields.ts';
import { parseJson } from '../model/json.ts';
import type { ResourceType } from '../model/resource.ts';
import type { WatchFrame } from './client.ts';
import { errorFromBody } from './error.ts';
import { readObject } from './list.ts';
import type { ByteStream } from './transport.ts';

/** etcd holds objects of 1.5 MB; a line of this length is not a watch. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024;
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/** Cuts the bytes of a watch into frames: one JSON document a line, of any size, cut anywhere by the network. */
export async function* readFrames(body: ByteStream, type: ResourceType): AsyncGenerator<WatchFrame> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      const line = Buffer.concat([...pending, chunk.subarray(start, end)]);
      pending = [];
      pendingBytes = 0;
      start = end + 1;
      if (line.length > 0) yield readFrame(line, type);
    }
    if (start === chunk.length) continue;
    pending.push(chunk.subarray(start));
    pendingBytes += chunk.length - start;
    if (pendingBytes > MAX_FRAME_BYTES)
      throw new FaroError('protocol', `a watch frame of ${type.resource} exceeds ${MAX_FRAME_BYTES} bytes`);
  }
  // The last document of a watch may come without a newline; half of one means that the connection was cut.
  if (pendingBytes > 0) yield readFrame(Buffer.concat(pending), type);
}

function readFrame(line: Buffer, type: ResourceType): WatchFrame {
  let frame: unknown;
  try {
    frame = parseJson(line.toString('utf8'));
  } catch (cause) {
    throw new FaroError('unreachable', `the watch of ${type.resource} was cut within a frame: ${messageOf(cause)}`, {
      cause,
    });
  }
  const what = field(frame, 'type');
  const object = field(frame, 'object');
  switch (what) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type: what, object: readObject(object, type) };
    case 'BOOKMARK':
      return readBookmark(object);
    case 'ERROR':
      return { type: 'ERROR', error: errorFromBody(500, object) };
    default:
      throw new FaroError('protocol', `the watch of ${type.resource} brought a frame of unknown type`);
  }
}

function readBookmark(object: unknown): WatchFrame {
  const resourceVersion = textOf(path(object, 'metadata', 'resourceVersion'));
  if (resourceVersion === undefined) throw new FaroError('protocol', 'a watch bookmark came without a resourceVersion');
  const initialEventsEnd = path(object, 'metadata', 'annotations', INITIAL_EVENTS_END) === 'true';
  return { type: 'BOOKMARK', resourceVersion, initialEventsEnd };
}
