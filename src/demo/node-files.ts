import { millisecondsOf } from '../model/time.ts';
import type { SimulatedNode } from './node.ts';

/** What the kubelet's file handler answers. */
export interface FileAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * Answers a GET below a node's `/logs/` as the kubelet does (Go's `http.FileServer`): listings, whole files, and byte
 * ranges. Conditional requests and several ranges at once are not simulated.
 * @param path what follows `/logs/`, decoded
 */
export function nodeFile(node: SimulatedNode, path: string, range: string | undefined): FileAnswer {
  const [root = '', pod, container, name, ...more] = path.split('/');
  if (root === '') return directory(['pods/']);
  if (root !== 'pods' || more.length > 0) return NOT_FOUND;
  const last = path.slice(path.lastIndexOf('/') + 1);
  if (pod === undefined) return moved(last);
  if (pod === '') return directory(node.podFolders().map((folder) => `${folder}/`));
  const containers = node.containersIn(pod);
  if (containers.length === 0) return NOT_FOUND;
  if (container === undefined) return moved(last);
  if (container === '') return directory(containers.map((folder) => `${folder}/`));
  const folder = node.folder(pod, container);
  if (folder === undefined) return NOT_FOUND;
  if (name === undefined) return moved(last);
  if (name === '') return directory(folder.names());
  const bytes = folder.bytes(name);
  if (bytes === undefined) return NOT_FOUND;
  const modified = folder.modified(name);
  const told = modified === undefined ? {} : { 'last-modified': httpDate(millisecondsOf(modified)) };
  return file(name, { bytes, headers: { date: httpDate(node.clock.now()), ...told } }, range);
}

/** In whole seconds, as HTTP has it. */
function httpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

const NOT_FOUND = plainText(404, '404 page not found\n');
/** How the kubelet refuses every method but GET. */
export const ONLY_GET: FileAnswer = {
  status: 405,
  headers: { allow: 'GET', 'content-type': 'text/plain; charset=utf-8' },
  body: Buffer.from('405: Method Not Allowed'),
};

/** An answer in words. */
export function plainText(status: number, body: string, headers: Readonly<Record<string, string>> = {}): FileAnswer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body: Buffer.from(body) };
}

function moved(name: string): FileAnswer {
  return { status: 301, headers: { location: `${name}/` }, body: Buffer.alloc(0) };
}

function directory(names: readonly string[]): FileAnswer {
  const links = names.map((name) => `<a href="${encodeURI(name)}">${name}</a>\n`).join('');
  const page = `<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n${links}</pre>\n`;
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: Buffer.from(page) };
}

function file(
  name: string,
  { bytes, headers: times }: Pick<FileAnswer, 'headers'> & { readonly bytes: Buffer },
  range: string | undefined,
): FileAnswer {
  const type = name.endsWith('.gz')
    ? 'application/gzip'
    : name.endsWith('.log')
      ? 'text/x-log; charset=utf-8'
      : 'text/plain; charset=utf-8';
  const headers = { 'accept-ranges': 'bytes', 'content-type': type, ...times };
  const part = range === undefined ? undefined : partOf(range, bytes.length);
  if (part === undefined) return { status: 200, headers, body: bytes };
  if (part === 'unsatisfiable')
    return plainText(416, 'invalid range: failed to overlap\n', { 'content-range': `bytes */${bytes.length}` });
  if (part === 'invalid') return plainText(416, 'invalid range\n');
  const { from, to } = part;
  const contentRange = `bytes ${from}-${to - 1}/${bytes.length}`;
  return { status: 206, headers: { ...headers, 'content-range': contentRange }, body: bytes.subarray(from, to) };
}

/** What a Range header asks for of a file; undefined where the whole file is the answer. */
function partOf(
  range: string,
  size: number,
): { readonly from: number; readonly to: number } | 'unsatisfiable' | 'invalid' | undefined {
  const [, first = '', last = ''] = /^bytes=\s*(\d*)-(\d*)\s*$/.exec(range) ?? [];
  if (first === '' && last === '') return 'invalid';
  if (size === 0) return undefined;
  if (first === '') return { from: Math.max(0, size - Number(last)), to: size };
  const from = Number(first);
  if (last !== '' && Number(last) < from) return 'invalid';
  if (from >= size) return 'unsatisfiable';
  return { from, to: last === '' ? size : Math.min(size, Number(last) + 1) };
}
