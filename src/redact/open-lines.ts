import { addTo } from '../model/counts.ts';
import type { Span } from './shapes.ts';

/** Which of a container's outputs a line was written to. */
export type Output = 'stdout' | 'stderr';

/** Something to take out, and what stands there then: a marker; or nothing, where it goes on in the next record. */
export interface Edit extends Span {
  readonly name: string | undefined;
}

/** What stands for a credential in a line. It is the same in every story. */
export function markerOf(name: string): string {
  return `[redacted:${name}]`;
}

/** Which lines of a block have their end in another one. */
export interface OpenLines {
  /** Where the records of those stand that go on behind it. */
  readonly parts: ReadonlyMap<Output, readonly Span[]>;
  /** A line ended that may have begun before it. */
  readonly ended: ReadonlySet<Output>;
}

/** What was taken out of some lines. */
class Taken {
  readonly markers = new Map<string, number>();
  /** By how many bytes they are shorter now. */
  bytes = 0;

  add({ start, end, name }: Edit): void {
    this.bytes += end - start;
    if (name === undefined) return;
    this.bytes -= markerOf(name).length;
    addTo(this.markers, name);
  }

  addAll({ markers, bytes }: Taken): void {
    this.bytes += bytes;
    for (const [name, count] of markers) addTo(this.markers, name, count);
  }
}

/** Keeps account of what is taken out of lines that go on in later blocks: it counts where they end, or not at all. */
export class TakenOfOpenLines {
  readonly #begun = new Map<Output, Taken>();

  /** Bytes by which the line that is begun is shorter. */
  bytes(output: Output): number {
    return this.#begun.get(output)?.bytes ?? 0;
  }

  /** Lines that were begun do not go on. */
  drop(): void {
    this.#begun.clear();
  }

  /** What was taken out of the lines that end in a block. */
  endingIn(edits: readonly Edit[], { parts, ended }: OpenLines): Taken {
    const whole = new Taken();
    for (const output of ended) {
      whole.addAll(this.#begun.get(output) ?? new Taken());
      this.#begun.delete(output);
    }
    for (const edit of edits) {
      const [output] = [...parts].find(([, spans]) => spans.some((span) => isIn(edit, span))) ?? [];
      (output === undefined ? whole : this.#of(output)).add(edit);
    }
    return whole;
  }

  #of(output: Output): Taken {
    const taken = this.#begun.get(output) ?? new Taken();
    this.#begun.set(output, taken);
    return taken;
  }
}

function isIn({ start }: Span, span: Span): boolean {
  return start >= span.start && start < span.end;
}
