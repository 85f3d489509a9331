import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { FaroError, messageOf } from '../model/errors.ts';

/**
 * A signed story ends in a field `signature`. It covers every byte of the document before the comma in front of that
 * field; behind it nothing but the closing brace may stand. So any edit is found, a new layout of the JSON included.
 */
export interface StorySignature {
  readonly algorithm: 'ed25519';
  /** SHA-256 of the public key (SPKI, DER) in hex: tells which key to ask for, proves nothing. */
  readonly keyId: string;
  /** Base64. */
  readonly value: string;
}

/** How every document ends. */
const END = Buffer.from('\n}\n');
const FIELD = ',\n"signature": ';
/** A signature with its field is much shorter. */
const LONGEST = 4096;

/** Reads an ed25519 key from PEM text. Throws FaroError `usage`, without a word of the text. */
export function signingKey(pem: string, place: string): KeyObject {
  return ed25519(() => createPrivateKey(pem), 'private', place);
}

/** The public half, from a public or a private key in PEM. */
export function checkingKey(pem: string, place: string): KeyObject {
  return ed25519(() => createPublicKey(pem), 'public', place);
}

function ed25519(read: () => KeyObject, half: string, place: string): KeyObject {
  const hint =
    'make one with: openssl genpkey -algorithm ed25519 -out faro.key; openssl pkey -in faro.key -pubout -out faro.pub';
  let key: KeyObject;
  try {
    key = read();
  } catch (cause) {
    throw new FaroError('usage', `${place} is no ${half} key in PEM: ${messageOf(cause)}`, { hint, cause });
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new FaroError('usage', `${place} is a key of type ${key.asymmetricKeyType}, not ed25519`, { hint });
}

export function keyIdOf(key: KeyObject): string {
  const half = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256')
    .update(half.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

function messageFor(sha256: string): Buffer {
  return Buffer.from(`faro/v1 story sha256 ${sha256}\n`);
}

function textOf(signature: StorySignature): string {
  const { algorithm, keyId, value } = signature;
  return `${FIELD}${JSON.stringify({ algorithm, keyId, value })}${END}`;
}

/** Puts a signature before a document's closing brace, while the document is written. */
export class DocumentSigner {
  readonly #key: KeyObject;
  readonly #hash = createHash('sha256');
  #held = Buffer.alloc(0);

  constructor(key: KeyObject) {
    this.#key = key;
  }

  /** What of the document can be written by now. */
  take(chunk: Buffer): Buffer {
    const bytes = Buffer.concat([this.#held, chunk]);
    const sure = Math.max(0, bytes.length - END.length);
    this.#held = bytes.subarray(sure);
    const ready = bytes.subarray(0, sure);
    this.#hash.update(ready);
    return ready;
  }

  /** The document's end, with the signature. */
  end(): Buffer {
    if (!this.#held.equals(END)) throw new FaroError('story', 'the document to be signed does not end as a story must');
    const value = sign(null, messageFor(this.#hash.digest('hex')), this.#key).toString('base64');
    return Buffer.from(textOf({ algorithm: 'ed25519', keyId: keyIdOf(this.#key), value }));
  }
}

/** What a document's bytes say about its signature. */
export interface SignedDigest {
  /** Of the whole document. */
  readonly sha256: string;
  /** Whether the signature stands where it must, and is this key's for these bytes. */
  isSignedBy(signature: StorySignature, key: KeyObject): boolean;
}

/** Hashes a document, and finds out what a signature in it covers. */
export async function digestOf(pieces: AsyncIterable<Buffer>): Promise<SignedDigest> {
  const whole = createHash('sha256');
  const signed = createHash('sha256');
  let held = Buffer.alloc(0);
  for await (const piece of pieces) {
    whole.update(piece);
    const bytes = Buffer.concat([held, piece]);
    const sure = Math.max(0, bytes.length - LONGEST);
    signed.update(bytes.subarray(0, sure));
    held = bytes.subarray(sure);
  }
  const at = held.lastIndexOf(FIELD);
  signed.update(held.subarray(0, Math.max(0, at)));
  const message = messageFor(signed.digest('hex'));
  const end = held.subarray(at).toString();
  return {
    sha256: whole.digest('hex'),
    isSignedBy: (signature, key) => {
      const value = Buffer.from(signature.value, 'base64');
      // Several texts decode to the same base64 bytes, and a key's id proves nothing: both must be as faro writes them.
      const canonical = textOf({ algorithm: 'ed25519', keyId: keyIdOf(key), value: value.toString('base64') });
      return at !== -1 && end === canonical && verify(null, message, key, value);
    },
  };
}
