/** The version of Faro, as `faro version` and every story state it; a test compares it with package.json. */
export const VERSION = '0.1.0';
