import { addTo } from '../model/counts.ts';
import { isRawNumber, parseJson } from '../model/json.ts';
import { isEqual, isObject } from '../model/json-equal.ts';
import type { KubeObject } from '../model/resource.ts';
import { joinedPassword, joinedPasswordsIn, takesJoinedPassword } from './client-passwords.ts';
import { MAX_DEPTH } from './depth.ts';
import { redactedHash } from './hash.ts';
import type { CredentialPattern } from './log-lines.ts';
import { mapFields } from './map-fields.ts';
import { isCredentialName, isCredentialVariable, isHarmless } from './names.ts';
import { hasRepeatedFields } from './repeated-fields.ts';
import { replaceCredentials, replacePatterns, replaceSpans } from './text.ts';

type Fields = Readonly<Record<string, unknown>>;

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
/** Names and digests that Kubernetes gives: no credential stands in them, but what looks like one may. */
const EXEMPT = new Set(['image', 'imageID', 'containerID', 'uid', 'resourceVersion', 'apiVersion', 'kind']);
/** Fields of custom resources whose text is a credential; others of such names often refer to a Secret. */
const CREDENTIAL_FIELDS =
  /^(?:password|passwd|passphrase|token|api[-_]?key|(?:access|auth|bearer|refresh)[-_]?token|client[-_]?secret|private[-_]?key|connection[-_]?string)$/i;
/** Custom resources give environment variables as fields, too. */
const VARIABLE = /^[A-Z][A-Z0-9_]*$/;

/** One object's way through the rules. Gives values back as they are where nothing was found, and copies else. */
export class ObjectPass {
  readonly #key: Buffer;
  readonly #patterns: readonly CredentialPattern[];
  readonly #redacted = new Map<string, number>();
  #redactions = 0;

  constructor(key: Buffer, patterns: readonly CredentialPattern[] = []) {
    this.#key = key;
    this.#patterns = patterns;
  }

  /** How many values were taken out, and by what they were. */
  get counts(): { readonly redactions: number; readonly redacted?: Readonly<Record<string, number>> } {
    return {
      redactions: this.#redactions,
      ...(this.#redactions > 0 ? { redacted: Object.fromEntries(this.#redacted) } : {}),
    };
  }

  count(what: string, values = 1): void {
    this.#redactions += values;
    addTo(this.#redacted, what, values);
  }

  /** Fields that were written down of the state before as they are here need no second look: they are taken from it. */
  object(object: KubeObject, before?: KubeObject): KubeObject {
    return this.#fields(object, 0, before);
  }

  #value(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.#text(value);
    if (typeof value !== 'object' || value === null || isRawNumber(value)) return value;
    if (depth > MAX_DEPTH) return this.#hidden('depth', 'nested too deeply');
    return Array.isArray(value) ? this.#list(value, depth) : this.#fields(value as Fields, depth);
  }

  #fields<T extends Fields>(fields: T, depth: number, before?: Fields): T {
    const isSecret = fields.kind === 'Secret';
    return mapFields(fields, (value, name) => {
      const known = isSecret ? undefined : before?.[name];
      if (known !== undefined && isEqual(value, known)) return known;
      if (typeof value === 'string') return this.#field(name, value);
      if (name === 'annotations') return this.#texts(value, (text, key) => this.#annotation(key, text, depth), depth);
      // A Secret within another object, such as a template of one.
      if (isSecret && (name === 'data' || name === 'stringData'))
        return this.#texts(value, (text) => this.#hidden('data', text), depth);
      if (name === 'args' && Array.isArray(value)) return this.#list(value, depth + 1, fields.command);
      if (depth === 0 && isObject(value) && isObject(known)) return this.#fields(value, depth + 1, known);
      return this.#value(value, depth + 1);
    });
  }

  /** A map of texts; what else it may hold is judged as any value. */
  #texts(map: unknown, replace: (text: string, key: string) => string, depth: number): unknown {
    if (typeof map !== 'object' || map === null || Array.isArray(map) || isRawNumber(map))
      return this.#value(map, depth + 1);
    return mapFields(map as Fields, (value, key) =>
      typeof value === 'string' ? replace(value, key) : this.#value(value, depth + 1),
    );
  }

  #field(name: string, value: string): string {
    if (EXEMPT.has(name)) return value;
    const isCredential = CREDENTIAL_FIELDS.test(name) || (VARIABLE.test(name) && isCredentialVariable(name));
    return isCredential ? this.#unlessHarmless('field', name, value) : this.#text(value);
  }

  /** @param command what the list holds arguments of, where they stand apart */
  #list(list: readonly unknown[], depth: number, command?: unknown): readonly unknown[] {
    let copy: unknown[] | undefined;
    let isOfClient = Array.isArray(command) && command.some(takesJoinedPassword);
    for (const [index, item] of list.entries()) {
      const mapped =
        typeof item === 'string'
          ? this.#argument(item, { before: list[index - 1], isOfClient })
          : this.#item(item, depth + 1);
      isOfClient ||= takesJoinedPassword(item);
      if (mapped === item) continue;
      copy ??= [...list];
      copy[index] = mapped;
    }
    return copy ?? list;
  }

  /** An item of a list: an environment variable is a name with a value, in whatever kind of object it stands. */
  #item(item: unknown, depth: number): unknown {
    if (typeof item !== 'object' || item === null || Array.isArray(item) || isRawNumber(item))
      return this.#value(item, depth);
    const { name, value } = item as Fields;
    if (typeof name !== 'string' || typeof value !== 'string') return this.#value(item, depth);
    const hidden = isCredentialVariable(name) ? this.#unlessHarmless('variable', name, value) : this.#text(value);
    return mapFields(item as Fields, (child, key) => {
      if (key === 'value') return hidden;
      return key === 'name' ? child : this.#value(child, depth + 1);
    });
  }

  /**
   * `--password=…`, or what follows `--password` in the list; a whole argument, whatever characters it holds. `isOfClient`: of a
   * command that takes `-pPASSWORD`.
   */
  #argument(
    argument: string,
    { before, isOfClient }: { readonly before: unknown; readonly isOfClient: boolean },
  ): string {
    const joined = isOfClient ? joinedPassword(argument) : undefined;
    if (joined !== undefined) return `-p${this.#hidden('argument', joined)}`;
    const [, name = '', sign] = /^(-{0,2}[A-Za-z][\w.-]{0,255})(=?)/.exec(argument) ?? [];
    if (sign === '=' && isCredentialName(name)) {
      const given = name.length + 1;
      return argument.slice(0, given) + this.#unlessHarmless('argument', name, argument.slice(given));
    }
    const isValue = typeof before === 'string' && /^--?[A-Za-z][\w.-]{0,255}$/.test(before) && isCredentialName(before);
    return isValue && !argument.startsWith('-')
      ? this.#unlessHarmless('argument', before, argument)
      : this.#text(argument);
  }

  #annotation(name: string, value: string, depth: number): string {
    if (name === LAST_APPLIED) return this.#document(value, depth) ?? this.#hidden('annotation', value);
    if (isCredentialName(name)) return this.#unlessHarmless('annotation', name, value);
    const isDocument = value.startsWith('{') || value.startsWith('[');
    return (isDocument ? this.#document(value, depth) : undefined) ?? this.#text(value);
  }

  /** A whole object as text within an object: the same rules hold inside. undefined where it cannot be read. */
  #document(text: string, depth: number): string | undefined {
    let parsed: unknown;
    try {
      parsed = parseJson(text);
    } catch {
      return undefined; // not JSON: the caller decides
    }
    const redacted = this.#value(parsed, depth + 1);
    if (redacted !== parsed) return JSON.stringify(redacted);
    if (!hasRepeatedFields(text, parsed)) return text;
    this.count('repeated');
    return JSON.stringify(parsed);
  }

  #text(text: string): string {
    const named = replaceCredentials(text, (credential) => this.#hidden('text', credential));
    const plain = replaceSpans(named, joinedPasswordsIn(named), (password) => this.#hidden('text', password));
    return replacePatterns(plain, this.#patterns, (value, name) => this.#hidden(name, value));
  }

  #unlessHarmless(what: string, name: string, value: string): string {
    return isHarmless(name, value) ? value : this.#hidden(what, value);
  }

  #hidden(what: string, value: string): string {
    this.count(what);
    return redactedHash(this.#key, value);
  }
}
