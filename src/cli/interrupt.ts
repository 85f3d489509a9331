/** Why a signal of the command's own process ended something: the reason that `interrupts` abort with. */
export class Interrupt extends Error {
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.name = 'Interrupt';
    this.signal = signal;
  }
}
