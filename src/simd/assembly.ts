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

/** The one instance of `assembly/`, whose memory all share: what is in it is left to nobody. */
export class Assembly {
  readonly run: Exports;
  readonly memory: Buffer;
  /** RESULT, in words of four bytes. */
  readonly result: Int32Array;

  constructor() {
    const module = new WebAssembly.Module(Buffer.from(COMPILED, 'base64'));
    this.run = new WebAssembly.Instance(module).exports as Exports;
    const { buffer } = this.run.memory;
    this.memory = Buffer.from(buffer);
    this.result = new Int32Array(buffer, this.run.RESULT.value, 16);
  }
}

let known: Assembly | undefined;

/** Made when the first lines come: a start waits for none. */
export function assembly(): Assembly {
  known ??= new Assembly();
  return known;
}
