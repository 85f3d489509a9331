import { type Entry, entryError } from './place.ts';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Decodes a `…-data` field. Line breaks within are no fault; anything else that is not base64 is, and is not repeated. */
export function base64Of(entry: Entry<unknown>, field: string, text: string): Buffer {
  const packed = text.replaceAll(/\s+/g, '');
  if (BASE64.test(packed)) return Buffer.from(packed, 'base64');
  const hint = text.includes('-----BEGIN')
    ? `Give the path of a PEM file as ${field.replace(/-data$/, '')}, or encode it: base64 -w0 FILE.`
    : 'It must be the whole PEM file in base64: base64 -w0 FILE.';
  throw entryError(entry, [field], `${field} is no valid base64`, hint);
}
