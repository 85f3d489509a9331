import { LONG_LINE_BYTES } from './long-line.ts';

/**
 * Tells container instances apart by the first line of their logs. A request for a log names no container ID, so in a
 * crash loop the server may already show the next instance. Two instances never share a first line, for it carries
 * nanoseconds: where two requests showed the same, the earlier request was answered with the later instance's log,
 * because the kubelet knows of a restart before anyone who reads the pod's status.
 */
export class FirstLines {
  readonly #claims = new Map<number, { readonly head: Buffer; readonly disown: () => void }>();

  /** False if a newer instance already showed this line; an older one that did is told to give it up. */
  claim(restart: number, line: Buffer, disown: () => void): boolean {
    const head = line.subarray(0, LONG_LINE_BYTES);
    for (const [other, claimed] of this.#claims) {
      if (other === restart || !claimed.head.equals(head)) continue;
      if (other > restart) return false;
      this.#claims.delete(other);
      claimed.disown();
    }
    this.#claims.set(restart, { head: Buffer.from(head), disown });
    return true;
  }
}
