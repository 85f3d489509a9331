import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseTargets } from '../../src/kube/targets.ts';

describe('objects named as', () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['deployment/web', ['deployment/web']],
    ['deployment web', ['deployment/web']],
    ['deployment web api', ['deployment/web', 'deployment/api']],
    ['deploy/web svc/api', ['deploy/web', 'svc/api']],
    ['deployments.v1.apps/web', ['deployments.v1.apps/web']],
    ['deploy/web deploy/web', ['deploy/web']],
    ['deployment web web', ['deployment/web']],
    ['clusterrole/system:node', ['clusterrole/system:node']],
  ];
  for (const [text, expected] of rows)
    it(text, () => {
      const targets = parseTargets(text.split(' ')).map(({ type, name }) => `${type}/${name}`);
      assert.deepEqual(targets, expected);
    });
});

describe('a usage error with an example comes of', () => {
  const rows: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['nothing', [], /no object is named/],
    ['a type alone', ['deployment'], /"deployment" names no object/],
    ['a type without a name', ['deployment/'], /"deployment\/" names no object/],
    ['a name without a type', ['/web'], /"\/web" names no object/],
    ['two slashes', ['apps/deployment/web'], /"apps\/deployment\/web" names no object/],
    ['several types', ['deployment,service/web'], /"deployment,service\/web" names several types at once/],
    ['several types alone', ['deployment,service', 'web'], /"deployment,service" names several types/],
    ['both ways, the slash last', ['deployment', 'svc/api'], /"deployment" and "svc\/api" are two ways/],
    ['both ways, the slash first', ['svc/api', 'web'], /"web" and "svc\/api" are two ways/],
    ['an empty type', ['', 'web'], /an empty argument/],
    ['an empty name', ['deployment', ''], /an empty name after "deployment"/],
  ];
  for (const [title, args, message] of rows)
    it(title, () =>
      assert.throws(() => parseTargets(args), { code: 'usage', message, hint: /e\.g\. deployment\/web/ }),
    );
});
