import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { editDistance, nearest } from '../../src/kube/nearest.ts';
import { resolveType } from '../../src/kube/resolve-type.ts';
import { apiVersionOf } from '../../src/model/resource.ts';
import { holds } from '../property.ts';
import { typeOf } from './wire/types.ts';

const discovery = {
  types: [
    typeOf('v1', 'pods', 'Pod', { shortNames: ['po'] }),
    typeOf('v1', 'services', 'Service', { shortNames: ['svc'] }),
    typeOf('v1', 'events', 'Event', { shortNames: ['ev'] }),
    typeOf('apps/v1', 'deployments', 'Deployment', { shortNames: ['deploy'] }),
    typeOf('apps/v1beta2', 'deployments', 'Deployment', { shortNames: ['deploy'] }),
    typeOf('batch/v1', 'jobs', 'Job'),
    typeOf('events.k8s.io/v1', 'events', 'Event', { shortNames: ['ev'] }),
    typeOf('networking.k8s.io/v1', 'ingresses', 'Ingress', { shortNames: ['ing'] }),
    typeOf('metrics.k8s.io/v1beta1', 'pods', 'PodMetrics', { singular: '' }),
    typeOf('batch.volcano.sh/v1alpha1', 'jobs', 'Job', { shortNames: ['vcjob'] }),
    typeOf('cluster.x-k8s.io/v1', 'clusters', 'Cluster', { shortNames: ['cl'] }),
    typeOf('management.example.io/v3', 'clusters', 'Cluster'),
    typeOf('config.example.io/v1', 'ingresses', 'Ingress'),
    typeOf('legends.example.com/v1', 'svc', 'Svc'),
    typeOf('Example.com/v1', 'widgets', 'Widget', { shortNames: ['wd'] }),
  ],
  failures: [],
};

describe('a type', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['pods', 'v1 pods'],
    ['pod', 'v1 pods'],
    ['po', 'v1 pods'],
    ['Pod', 'v1 pods'],
    ['PODS', 'v1 pods'],
    ['pods.v1.', 'v1 pods'],
    ['pods.v1', 'v1 pods'],
    ['pods.metrics.k8s.io', 'metrics.k8s.io/v1beta1 pods'],
    ['podmetrics', 'metrics.k8s.io/v1beta1 pods'],
    ['deploy', 'apps/v1 deployments'],
    ['deployment', 'apps/v1 deployments'],
    ['deployments', 'apps/v1 deployments'],
    ['Deployment', 'apps/v1 deployments'],
    ['deployments.apps', 'apps/v1 deployments'],
    ['deployment.apps', 'apps/v1 deployments'],
    ['deploy.apps', 'apps/v1 deployments'],
    ['deployments.v1.apps', 'apps/v1 deployments'],
    ['deployment.v1beta2.apps', 'apps/v1beta2 deployments'],
    ['Deployment.v1.apps', 'apps/v1 deployments'],
    ['events', 'v1 events'],
    ['ev', 'v1 events'],
    ['events.events.k8s.io', 'events.k8s.io/v1 events'],
    ['job', 'batch/v1 jobs'],
    ['jobs.batch', 'batch/v1 jobs'],
    ['jobs.batch.volcano.sh', 'batch.volcano.sh/v1alpha1 jobs'],
    ['vcjob', 'batch.volcano.sh/v1alpha1 jobs'],
    ['ingress', 'networking.k8s.io/v1 ingresses'],
    ['svc', 'legends.example.com/v1 svc'], // kubectl, too, takes an exact name before a short one
    ['service', 'v1 services'],
    ['clusters.cluster.x-k8s.io', 'cluster.x-k8s.io/v1 clusters'],
    ['cl', 'cluster.x-k8s.io/v1 clusters'],
    ['widgets.example.com', 'Example.com/v1 widgets'],
    ['wd.v1.example.com', 'Example.com/v1 widgets'],
  ];
  for (const [name, expected] of rows)
    it(`named ${name} is ${expected}`, () => {
      const type = resolveType(discovery, name);
      assert.equal(`${apiVersionOf(type)} ${type.resource}`, expected);
    });

  it('that several groups have is ambiguous, and they are named', () => {
    assert.throws(() => resolveType(discovery, 'clusters'), {
      code: 'ambiguous-type',
      message: '"clusters" may mean clusters.cluster.x-k8s.io, clusters.management.example.io',
      hint: 'say which, e.g. clusters.cluster.x-k8s.io/NAME',
    });
  });

  const unknown: readonly (readonly [string, RegExp])[] = [
    ['deploymnet', /did you mean deployment or deployments\?/],
    ['deploymants', /did you mean deployments or deployment\?/],
    ['pdo', /did you mean pod/],
    ['ingres', /did you mean ingress/],
    ['deployments.app', /did you mean deployments\.v1\.apps/],
    ['deploymnets.apps', /did you mean deployments\.apps/],
    ['sandwiches', /"kubectl api-resources" lists the types; with --wait/],
    ['', /"kubectl api-resources"/],
    ['pods.v2.', /did you mean pods or pods\.v1beta1\.metrics\.k8s\.io\?/],
    ['deployment.v2.apps', /did you mean deployments\.v1\.apps or deployments\.v1beta2\.apps\?/],
  ];
  for (const [name, hint] of unknown)
    it(`named ${JSON.stringify(name)} is unknown`, () => {
      assert.throws(() => resolveType(discovery, name), {
        code: 'unknown-type',
        message: `the server has no type "${name}"`,
        hint,
      });
    });

  it('may be unknown because its group did not answer', () => {
    const failures = [{ groupVersion: 'metrics.k8s.io/v1beta1', message: 'down' }];
    assert.throws(() => resolveType({ ...discovery, failures }, 'nodemetrics'), {
      message: /has no type "nodemetrics" \(these groups did not say what they serve: metrics\.k8s\.io\/v1beta1\)/,
    });
  });

  it('is found again by its plural with group and version, whatever it is', () => {
    for (const type of discovery.types) {
      const { resource, version, group } = type;
      const name = group === '' ? `${resource}.${version}.` : `${resource}.${version}.${group}`;
      assert.equal(resolveType(discovery, name), type);
    }
  });
});

describe('the distance of two words', () => {
  const rows: readonly (readonly [string, string, number])[] = [
    ['', '', 0],
    ['', 'abc', 3],
    ['pod', 'pod', 0],
    ['pod', 'pods', 1],
    ['pdo', 'pod', 1],
    ['kitten', 'sitting', 3],
    ['deploymnet', 'deployment', 1],
  ];
  for (const [a, b, distance] of rows)
    it(`${a} to ${b} is ${distance}`, () => assert.equal(editDistance(a, b), distance));

  it('is the same both ways, nothing only for the same word, and at most the longer one', () => {
    holds(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        const distance = editDistance(a, b);
        assert.equal(distance, editDistance(b, a));
        assert.equal(distance === 0, a === b);
        assert.ok(distance <= Math.max(a.length, b.length));
        assert.ok(distance >= Math.abs(a.length - b.length));
      }),
    );
  });

  it('of one change is at most one', () => {
    holds(
      fc.property(fc.string({ minLength: 1 }), fc.nat(), fc.string({ maxLength: 1 }), (word, place, letter) => {
        const at = place % word.length;
        assert.ok(editDistance(word, word.slice(0, at) + letter + word.slice(at + 1)) <= 1);
      }),
    );
  });
});

it('the nearest names are three at most, each once, the nearest first', () => {
  assert.deepEqual(nearest('pods', ['podsss', 'pods', 'pods', 'pod', 'po', '']), ['pods', 'pod']);
  assert.deepEqual(nearest('services', ['service', 'servicez', 'servces', 'serviced', 'x']).length, 3);
});
