import type { Http2ServerResponse } from 'node:http2';
import type { Fault } from './faults.ts';

/** One answer on the wire, HTTP/2 or (the compatible API of the same type) HTTP/1.1, with whatever goes wrong with it. */
export class Answer {
  readonly #response: Http2ServerResponse;
  readonly #fault: Fault | undefined;
  readonly #gone = new AbortController();
  #sent = 0;
  #isStalled = false;

  constructor(response: Http2ServerResponse, fault: Fault | undefined) {
    this.#response = response;
    this.#fault = fault;
    const gone = () => this.#gone.abort();
    response.on('close', gone);
    response.on('error', gone);
  }

  /** Aborts when the client has gone, or the fault has ended the answer. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  begin(status: number, contentType: string | undefined, headers: Readonly<Record<string, string>> = {}): void {
    const type = contentType === undefined ? {} : { 'content-type': contentType };
    this.#response.writeHead(status, { ...type, ...headers });
    // HTTP/2 sends them at once; HTTP/1.1 would wait for the body, which may be long in coming.
    (this.#response as { flushHeaders?: () => void }).flushHeaders?.();
  }

  /** Sends bytes of the body; resolves when the client has taken them. */
  async write(bytes: Buffer): Promise<void> {
    if (this.#gone.signal.aborted || this.#isStalled) return;
    const limit = this.#limit();
    const part = bytes.subarray(0, limit - this.#sent);
    this.#sent += part.length;
    await this.#send(part);
    if (this.#sent >= limit) this.#strike();
  }

  json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
    this.body(status, 'application/json', Buffer.from(`${JSON.stringify(value)}\n`), headers);
  }

  text(status: number, contentType: string, text: string): void {
    this.body(status, contentType, Buffer.from(text));
  }

  /** All of an answer. */
  body(status: number, contentType: string, body: Buffer, headers: Readonly<Record<string, string>> = {}): void {
    this.begin(status, contentType, headers);
    void this.write(body).then(() => this.end());
  }

  end(): void {
    if (!this.#gone.signal.aborted && !this.#isStalled) this.#response.end();
  }

  /** Ends it where it is, for all to see. */
  breakOff(): void {
    // Over HTTP/1.1 there is no stream, whatever the type says: the connection itself breaks.
    const { stream } = this.#response as Partial<Http2ServerResponse>;
    if (stream === undefined) this.#response.socket.destroy();
    else stream.close(2);
  }

  #limit(): number {
    return this.#fault !== undefined && 'afterBytes' in this.#fault ? this.#fault.afterBytes : Number.POSITIVE_INFINITY;
  }

  #send(part: Buffer): Promise<void> {
    const response = this.#response;
    return new Promise((resolve) => {
      this.#gone.signal.addEventListener('abort', () => resolve(), { once: true });
      response.write(part, () => resolve());
    });
  }

  #strike(): void {
    if (this.#fault?.type === 'stall') this.#isStalled = true;
    if (this.#fault?.type === 'end') this.#response.end();
    if (this.#fault?.type === 'cut') this.breakOff();
    if (this.#fault?.type !== 'stall') this.#gone.abort();
  }
}
