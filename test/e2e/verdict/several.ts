import { untilCondition, untilWaiting, type VerdictCase } from './case.ts';
import { container, deployment, job, server } from './manifests.ts';

/** More than one workload breaks, each for a reason of its own. */
export const SEVERAL: readonly VerdictCase[] = [
  {
    name: 'two-faults',
    targets: ['deployment/shop', 'job/import'],
    play: async (ns) => {
      await ns.apply(deployment('shop', [server('web', { image: 'faro.test/absent:1' })]));
      await untilWaiting(ns, /ErrImageNeverPull/);
      await ns.apply(job('import', [container('load', ['-n', '3', '-tag', 'row 7: bad date', '-exit', '5'])]));
      await untilCondition(ns, 'job/import', 'Failed');
    },
    status: 'failed',
    rule: 'image',
    firstLine: [/absent:1/],
    after: /^deployment shop was created by /,
    // That the Job failed only shows the crash once more.
    unrelated: ['crash'],
  },
];
