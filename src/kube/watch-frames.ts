import { FaroError } from '../model/errors.ts';
import { field, path, textOf } from '../model/fields.ts';
import { parseJson } from '../model/json.ts';
import { groupResourceOf, type KubeObject, type ResourceType } from '../model/resource.ts';
import type { WatchFrame } from './client.ts';
import { cutByLength, cutByLine } from './cut-frames.ts';
import { FOREIGN_HINT, statusError } from './error.ts';
import { objectReader } from './list.ts';
import { readWatchEvent } from './metadata-protobuf.ts';

const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

export interface FrameOptions {
  readonly type: ResourceType;
  readonly format: 'json' | 'protobuf';
  /** Of one frame. */
  readonly maxBytes: number;
}

/** Reads the frames of a watch from its bytes, cut anywhere. */
export async function* readFrames(body: AsyncIterable<Buffer>, options: FrameOptions): AsyncGenerator<WatchFrame> {
  const { type, format, maxBytes } = options;
  const readObject = objectReader(type);
  const isJson = format === 'json';
  for await (const { bytes, isWhole } of isJson ? cutByLine(body, maxBytes) : cutByLength(body, maxBytes)) {
    if (bytes === undefined) throw failure(type, `sent a frame of more than ${maxBytes} bytes`);
    const frame = isJson ? parseFrame(bytes, type, isWhole) : decodeFrame(bytes, type, isWhole);
    yield readFrame(frame, type, readObject);
  }
}

/** V8's own message quotes the text, which may hold anything: it goes nowhere. */
function parseFrame(bytes: Buffer, type: ResourceType, isWhole: boolean): unknown {
  try {
    return parseJson(bytes.toString('utf8'));
  } catch {
    // Without its newline the last document may be whole; half of one means that something cut the connection.
    throw isWhole ? failure(type, 'sent what is no JSON') : cutOff(type);
  }
}

function decodeFrame(bytes: Buffer, type: ResourceType, isWhole: boolean): unknown {
  if (!isWhole) throw cutOff(type);
  try {
    return readWatchEvent(bytes);
  } catch {
    throw failure(type, 'sent what is no protobuf');
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

function cutOff(type: ResourceType): FaroError {
  return new FaroError('unreachable', `the watch of ${groupResourceOf(type)} was cut within a frame`);
}

function failure(type: ResourceType, what: string): FaroError {
  return new FaroError('protocol', `the watch of ${groupResourceOf(type)} ${what}`, { hint: FOREIGN_HINT });
}
