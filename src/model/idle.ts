/** A watch that is silent for so long is dead: one that lives gets a bookmark about every minute. */
export const IDLE_MS = 150_000;
