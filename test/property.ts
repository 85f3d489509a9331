import fc from 'fast-check';

/**
 * Where the random inputs of every property test begin. It is fixed: a run that fails does so for what was changed, and
 * fails again. What no fixed seed tries is the affair of `npm run acceptance`, which plays many more from a new one.
 */
export const SEED = Number(process.env.FARO_SEED ?? 1);
/** How many times as many inputs are tried. */
export const TIMES = Number(process.env.FARO_TIMES ?? 1);

/** fast-check's `assert` with the seed of this run; throws with the smallest input found that the property does not hold for. */
export function holds<T>(property: fc.IAsyncProperty<T>, parameters?: fc.Parameters<T>): Promise<void>;
export function holds<T>(property: fc.IProperty<T>, parameters?: fc.Parameters<T>): void;
export function holds<T>(property: fc.IRawProperty<T>, parameters: fc.Parameters<T> = {}): Promise<void> | void {
  return fc.assert(property, { ...parameters, seed: SEED, numRuns: (parameters.numRuns ?? 100) * TIMES });
}
