/** Whether a server answers, and the connections that break when it stops. */
export class Availability {
  #isUp = true;
  #connections = new AbortController();

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Aborts when the connections that are open now break. */
  get connections(): AbortSignal {
    return this.#connections.signal;
  }

  breakConnections(): void {
    const broken = this.#connections;
    this.#connections = new AbortController();
    broken.abort();
  }

  goDown(): void {
    this.#isUp = false;
    this.breakConnections();
  }

  comeBack(): void {
    this.#isUp = true;
  }
}
