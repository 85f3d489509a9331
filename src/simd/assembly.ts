import { COMPILED } from './compiled.ts';

/** What `assembly/` exports; addresses are places in its memory. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly SECOND: Address;
  readonly BEGINNING: Address;
  readonly ABOUTS: Address;
  readonly ABOUT_BYTES: Address;
  readonly RESULT: Address;
  readonly INPUT: Address;
  readonly INPUT_BYTES: Address;
  readonly OUTPUT: Address;
  readonly RESULT_BYTES: Address;
  readonly CLASSES: Address;
  readonly LETTERS: Address;
  readonly GROUPS: Address;
  readonly IN_NAME: Address;
  readonly IN_NUMBER: Address;
  readonly MAY_END_URL: Address;
  readonly LOWER_HALF: Address;
  readonly UPPER_HALVES: Address;
  readonly ONES: Address;
  readonly SIGNS: Address;
  readonly HARMLESS: Address;
  readonly REMARKS: Address;
  readonly WORDS: Address;
  readonly ANYWHERE: Address;
  readonly SAYS_BYTES: Address;
  readonly TREE_BYTES: Address;
  bucketOf(bytes: number): number;
  glance(from: number, to: number): void;
  measure(from: number, to: number, format: number, nanosecond: number): void;
  entries(
    from: number,
    to: number,
    format: number,
    limit: number,
    most: number,
    beginning: number,
    stdout: number,
    stderr: number,
  ): void;
}

/** The types of Node leave it to those of browsers. */
declare const WebAssembly: {
  readonly Module: new (bytes: Buffer) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
};

interface Address {
  readonly value: number;
}

/** The one instance of `assembly/`, whose memory all share. */
export class Assembly {
  readonly run: Exports;
  readonly memory: Buffer;
  /** RESULT, in words of four bytes. */
  readonly result: Int32Array;
  /** Whose bytes stand at INPUT; whoever puts others there says so. */
  shown: object | undefined;

  constructor() {
    const module = new WebAssembly.Module(Buffer.from(COMPILED, 'base64'));
    this.run = new WebAssembly.Instance(module).exports as Exports;
    const { buffer } = this.run.memory;
    this.memory = Buffer.from(buffer);
    this.result = new Int32Array(buffer, this.run.RESULT.value, this.run.RESULT_BYTES.value / WORD);
  }

  put(place: Table, { buffer, byteOffset, byteLength }: Uint8Array | Uint32Array): void {
    this.memory.set(new Uint8Array(buffer, byteOffset, byteLength), this.run[place].value);
  }

  putTree(place: Tree, { says, next }: { readonly says: Uint8Array; readonly next: Uint16Array }): void {
    const { SAYS_BYTES, TREE_BYTES } = this.run;
    if (says.length > SAYS_BYTES.value || next.byteLength > TREE_BYTES.value - SAYS_BYTES.value)
      throw new Error(`${place}: no room for a tree of ${says.length} nodes`);
    const start = this.run[place].value;
    this.memory.set(says, start);
    this.memory.set(new Uint8Array(next.buffer, next.byteOffset, next.byteLength), start + SAYS_BYTES.value);
  }
}

type Table =
  | 'CLASSES'
  | 'LETTERS'
  | 'GROUPS'
  | 'IN_NAME'
  | 'IN_NUMBER'
  | 'MAY_END_URL'
  | 'LOWER_HALF'
  | 'UPPER_HALVES'
  | 'ONES'
  | 'SIGNS'
  | 'HARMLESS'
  | 'REMARKS';
type Tree = 'WORDS' | 'ANYWHERE';
const WORD = 4;
/** What is looked at as lines wants so many bytes behind it. */
export const CLOSING_BYTES = 32;

let known: Assembly | undefined;

/** Made when the first lines come: a start waits for none. */
export function assembly(): Assembly {
  known ??= new Assembly();
  return known;
}
