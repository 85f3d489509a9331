import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from '../../cluster/cluster.ts';
import { stop } from '../../cluster/processes.ts';
import { checkVerdict, storyOf, untilReady, type VerdictCase } from './case.ts';
import { deployment, server } from './manifests.ts';

/**
 * A node that is lost, and one that comes back: `npm run acceptance` only, for it takes a cluster of its own and the
 * minute after which a control plane gives up a node.
 */
const NUMBER = 6;

const LOST: VerdictCase = {
  name: 'node-lost',
  targets: ['deployment/edge'],
  prepare: async (ns) => {
    await ns.apply(deployment('edge', [server('proxy')], { replicas: 2 }));
    await untilReady(ns, 'deployment/edge', 2);
  },
  play: (ns) => ns.until('no pod is ready', ['deployment/edge'], ({ status }) => (status.readyReplicas ?? 0) === 0),
  status: 'failed',
  rule: 'node-lost',
  firstLine: [/node1/],
};

test('a node that is lost, and one that comes back', { timeout: 570_000 }, async (t) => {
  await using cluster = await Cluster.start({ number: NUMBER });
  process.env.FARO_TEST_KUBECONFIG = cluster.kubeconfig;
  process.env.FARO_TEST_KUBECTL = cluster.kubectlPath;
  const lose = () => stop(cluster.folder, 'kubelet');
  const judged = async (wanted: VerdictCase) => {
    const { verdict } = await storyOf(wanted);
    assert.ok(verdict);
    checkVerdict(wanted, verdict);
  };
  await t.test('back: recovered', () =>
    judged({
      ...LOST,
      name: 'node-back',
      status: 'recovered',
      play: async (ns) => {
        await lose();
        await LOST.play(ns);
        await cluster.restart('kubelet');
        await untilReady(ns, 'deployment/edge', 2);
      },
    }),
  );
  await t.test('lost: failed', () =>
    judged({
      ...LOST,
      play: async (ns) => {
        await lose();
        await LOST.play(ns);
      },
    }),
  );
});
