import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { leakTester, makePeople } from './config-table/certificates.ts';
import { ClientNode } from './config-table/client-node.ts';
import { type Judges, judge, type Verdicts } from './config-table/judge.ts';
import { canBePod, findKubectl } from './config-table/kubectl.ts';
import { rows } from './config-table/rows.ts';

const people = await makePeople();
const judges: Judges = {
  people,
  leakOf: leakTester(people),
  kubectl: await findKubectl(process.env),
  podPossible: await canBePod(),
  clientNode: new ClientNode(),
};

describe('the kubeconfig table', () => {
  const verdicts: Verdicts[] = [];
  after(() => judges.clientNode[Symbol.asyncDispose]());

  describe('each row', { concurrency: 4 }, () => {
    for (const row of rows) {
      it(row.title, { todo: row.todo ?? false }, async () => void verdicts.push(await judge(row, judges)));
    }
  });

  it('would notice a piece of a secret', () => {
    for (const secret of [people.tokens.ada, people.password, people.ada.key.split('\n')[2] ?? '']) {
      assert.ok(judges.leakOf(`some text ${secret.slice(5, 17)} and more`));
    }
    assert.equal(judges.leakOf('-----BEGIN PRIVATE KEY----- /home/ada/.kube/config:8:15'), undefined);
  });

  it('compares with kubectl', (test) => {
    const asked = verdicts.filter(({ kubectl }) => kubectl !== undefined).length;
    if (judges.kubectl === undefined) {
      assert.notEqual(process.env.CI, 'true', 'CI needs kubectl: name it by FARO_TEST_KUBECTL, or put it into PATH');
      test.skip('there is no kubectl here: name one by FARO_TEST_KUBECTL, or put it into PATH');
    } else assert.ok(asked >= 60, `kubectl judged only ${asked} rows`);
    test.diagnostic(`kubectl judged ${asked} of ${rows.length} rows`);
  });

  it('connects wherever @kubernetes/client-node does, unless kubectl refuses', (test) => {
    const asked = verdicts.filter(({ clientNode }) => clientNode !== undefined);
    const behind = asked.filter(
      ({ faro, clientNode }) => faro.verdict === 'fails' && clientNode?.verdict === 'connects',
    );
    assert.deepEqual(
      behind.filter(({ kubectl }) => kubectl?.verdict === 'connects'),
      [],
    );
    const ahead = asked.filter(
      ({ faro, clientNode }) => faro.verdict === 'connects' && clientNode?.verdict === 'fails',
    );
    test.diagnostic(
      `client-node judged ${asked.length} rows; it fails on ${ahead.length} where Faro and kubectl connect`,
    );
    assert.ok(asked.length >= 60);
  });
});
