import { createHmac } from 'node:crypto';
import { field, textOf } from '../model/fields.ts';
import { isRawNumber } from '../model/json.ts';
import { groupOf, type KubeObject, type ManagedFields } from '../model/resource.ts';
import { isCredentialName, REDACTED, replaceCredentials } from './credentials.ts';

/** Takes out of objects what must not be written down. */
export interface Redactor {
  /** A copy where something was taken out; the object itself is never changed. `redactions` counts the values. */
  object(object: KubeObject): { readonly object: KubeObject; readonly redactions: number };
}

export interface RedactorOptions {
  /** The story's own key: equal values get equal hashes within a story, so that a change shows, and in no other. */
  readonly key: Buffer;
  readonly enabled: boolean;
  /** Keep managedFields whole. */
  readonly managedFields: boolean;
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
/** Read as metadata only; should more ever come, it ends here. */
const METADATA_ONLY = new Set(['Secret', 'ConfigMap']);

export function createRedactor(options: RedactorOptions): Redactor {
  return {
    object(object) {
      const pass = new Pass(options.key);
      const slim = options.managedFields ? object : withoutFieldSets(object);
      if (!options.enabled) return { object: slim, redactions: 0 };
      const isMetadataOnly = METADATA_ONLY.has(object.kind) && groupOf(object.apiVersion) === '';
      const redacted = isMetadataOnly ? pass.metadataOnly(slim) : pass.whole(slim);
      return { object: redacted, redactions: pass.redactions };
    },
  };
}

/** Of managedFields only who wrote, how and when is kept. */
function withoutFieldSets(object: KubeObject): KubeObject {
  const { managedFields } = object.metadata;
  if (managedFields === undefined) return object;
  const kept = managedFields.map(({ fieldsV1: _, ...rest }): ManagedFields => {
    const { manager, operation, subresource, time } = rest;
    return Object.fromEntries(
      Object.entries({ manager, operation, subresource, time }).filter(([, value]) => value !== undefined),
    );
  });
  return { ...object, metadata: { ...object.metadata, managedFields: kept } };
}

/** One object's way through the rules. */
class Pass {
  readonly #key: Buffer;
  redactions = 0;

  constructor(key: Buffer) {
    this.#key = key;
  }

  metadataOnly({ apiVersion, kind, metadata }: KubeObject): KubeObject {
    const { [LAST_APPLIED]: applied, ...annotations } = metadata.annotations ?? {};
    if (applied !== undefined) this.redactions += 1;
    const kept = metadata.annotations === undefined ? metadata : { ...metadata, annotations };
    return { apiVersion, kind, metadata: this.#metadata(kept) };
  }

  whole(object: KubeObject): KubeObject {
    const { metadata, ...rest } = object;
    const redacted = this.#value(rest) as Omit<KubeObject, 'metadata'>;
    const own = this.#metadata(metadata);
    return redacted === rest && own === metadata ? object : { ...(redacted as KubeObject), metadata: own };
  }

  #metadata(metadata: KubeObject['metadata']): KubeObject['metadata'] {
    const { annotations } = metadata;
    if (annotations === undefined) return metadata;
    const redacted = mapValues(annotations, (value, name) => this.#annotation(name, value));
    return redacted === annotations ? metadata : { ...metadata, annotations: redacted };
  }

  #annotation(name: string, value: string): string {
    if (name === LAST_APPLIED) return this.#applied(value);
    return isCredentialName(name) ? this.#hash(value) : this.#text(value);
  }

  /** A whole object as text within an object: the same rules hold inside. */
  #applied(value: string): string {
    try {
      const parsed: unknown = JSON.parse(value);
      const redacted = this.#value(parsed);
      return redacted === parsed ? value : JSON.stringify(redacted);
    } catch {
      return this.#hash(value); // not JSON: what it holds cannot be judged
    }
  }

  /** Redacts below a value; gives the value itself back where nothing was found. */
  #value(value: unknown): unknown {
    if (typeof value === 'string') return this.#text(value);
    if (Array.isArray(value)) {
      const mapped = value.map((item) => this.#item(item));
      return mapped.every((item, index) => item === value[index]) ? value : mapped;
    }
    if (typeof value !== 'object' || value === null || isRawNumber(value)) return value;
    return mapValues(value as Readonly<Record<string, unknown>>, (child, name) =>
      name === 'annotations' && typeof child === 'object' && child !== null
        ? mapValues(child as Readonly<Record<string, unknown>>, (text, key) =>
            typeof text === 'string' ? this.#annotation(key, text) : text,
          )
        : this.#value(child),
    );
  }

  /** An item of a list: an environment variable is a name with a value, in whatever kind of object it stands. */
  #item(item: unknown): unknown {
    const name = textOf(field(item, 'name'));
    const value = textOf(field(item, 'value'));
    if (name === undefined || value === undefined || !isCredentialName(name)) return this.#value(item);
    return { ...(item as object), value: this.#hash(value) };
  }

  #text(text: string): string {
    return replaceCredentials(text, (credential) => this.#hash(credential));
  }

  #hash(value: string): string {
    this.redactions += 1;
    return `${REDACTED}${createHmac('sha256', this.#key).update(value).digest('hex').slice(0, 16)}`;
  }
}

/** A copy with mapped values, or the object itself where every value stayed as it was. */
function mapValues<T>(
  object: Readonly<Record<string, T>>,
  map: (value: T, name: string) => T,
): Readonly<Record<string, T>> {
  let copy: Record<string, T> | undefined;
  for (const [name, value] of Object.entries(object)) {
    const mapped = map(value, name);
    if (mapped === value) continue;
    copy ??= { ...object };
    // Not by assignment, which would set the prototype for the name __proto__.
    Object.defineProperty(copy, name, { value: mapped, enumerable: true, writable: true, configurable: true });
  }
  return copy ?? object;
}
