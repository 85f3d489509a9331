import type { ContainerLog } from './container-log.ts';

/** What a container of the simulation does from its start to its end; resolves with its exit code. */
export type Program = (run: ProgramRun) => Promise<number>;

export interface ProgramRun {
  readonly log: ContainerLog;
  /** How many runs of this container there were before. */
  readonly restart: number;
  readonly random: () => number;
  /** Waits; rejects when the container is told to end. */
  sleep(ms: number): Promise<void>;
}

const PATHS = ['/', '/cart', '/checkout', '/products/17', '/products/42', '/search?q=lamp'];

function pick<T>(items: readonly [T, ...T[]], random: () => number): T {
  return items[Math.floor(random() * items.length)] ?? items[0];
}

/** A web server that works: it answers a request now and then. */
const webServer: Program = async ({ log, random, sleep }) => {
  log.write('listening on :8080');
  for (;;) {
    await sleep(40 + random() * 160);
    const status = random() < 0.03 ? 500 : 200;
    log.write(`GET ${pick(['/', ...PATHS], random)} ${status} ${Math.ceil(random() * 40)}ms`);
  }
};

/** The new version: it cannot reach a database that nobody told it about, and gives up. */
const brokenServer: Program = async ({ log, restart, sleep }) => {
  log.write(`web 2.0.0 starting (attempt ${restart + 1})`);
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    await sleep(60);
    log.write(`connecting to db:5432 failed: no such host (try ${attempt} of 3)`);
  }
  log.write('fatal: cannot reach db');
  return 3;
};

/** Prepares the database, once a pod. */
const migration: Program = async ({ log, sleep }) => {
  log.write('checking schema');
  await sleep(80);
  log.write('schema is at version 12, nothing to do');
  return 0;
};

/** The programs of the simulation by image. */
export const PROGRAMS: Readonly<Record<string, Program>> = {
  'shop/web:1.0.0': webServer,
  'shop/web:2.0.0': brokenServer,
  'shop/migrate:1': migration,
};
