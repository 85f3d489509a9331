import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipped } from './cluster.ts';
import { BROKEN } from './verdict/broken.ts';
import { checkVerdict, storyOf, type VerdictCase } from './verdict/case.ts';
import { HEALTHY } from './verdict/healthy.ts';
import { OVER } from './verdict/over.ts';
import { SEVERAL } from './verdict/several.ts';

/**
 * The table of workloads that break, recover, or are well, made for real. `npm test` makes a few of them; with
 * FARO_VERDICT=all (`npm run acceptance`) all are. Stories of all of them stand in test/verdict/stories.
 */
const ALL: readonly VerdictCase[] = [...BROKEN, ...SEVERAL, ...OVER, ...HEALTHY];
const FEW = new Set([
  'crash-loop',
  'config-missing',
  'quota',
  'rolled-back',
  'job-backoff',
  'config-changed',
  'scale-down',
]);
const isWhole = process.env.FARO_VERDICT === 'all';
/** Each has a recorder and a namespace of its own; more at once only wait for the node. */
const AT_ONCE = 3;

test('the verdict names the first cause, of real workloads', {
  skip: skipped,
  timeout: 900_000,
  concurrency: AT_ONCE,
}, async (t) => {
  const wanted = ALL.filter(({ name }) => isWhole || FEW.has(name));
  assert.ok(wanted.length >= (isWhole ? 35 : FEW.size));
  await Promise.all(
    wanted.map((one) =>
      t.test(`${one.name}: ${one.status}${one.rule === undefined ? '' : `, ${one.rule}`}`, async () => {
        const { verdict } = await storyOf(one);
        assert.ok(verdict);
        checkVerdict(one, verdict);
      }),
    ),
  );
});
