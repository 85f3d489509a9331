import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Scope } from '../../src/graph/scope.ts';
import type { Root } from '../../src/model/record.ts';
import { holds } from '../property.ts';

const root: Root = {
  group: 'apps',
  version: 'v1',
  resource: 'deployments',
  kind: 'Deployment',
  namespace: 'shop',
  name: 'web',
};

function object(
  uid: string,
  options: { name?: string; owners?: string[]; resource?: string; namespace?: string } = {},
) {
  const { name = uid, owners = [], resource = 'pods', namespace = 'shop' } = options;
  const apiVersion = resource === 'deployments' || resource === 'replicasets' ? 'apps/v1' : 'v1';
  const ownerReferences = owners.map((owner) => ({ apiVersion: 'v1', kind: 'X', name: owner, uid: owner }));
  return {
    resource,
    object: { apiVersion, metadata: { name, namespace, uid, resourceVersion: '1', ownerReferences } },
  };
}
const web = () => object('d', { name: 'web', resource: 'deployments' });

test('a root and what it owns, at any depth, are members of the root', () => {
  const scope = new Scope([root]);
  assert.deepEqual(scope.observe(web()), { placement: 'member', placed: ['d'] });
  assert.deepEqual(scope.observe(object('r', { owners: ['d'] })), { placement: 'member', placed: ['r'] });
  assert.deepEqual(scope.observe(object('p', { owners: ['r'] })), { placement: 'member', placed: ['p'] });
  assert.deepEqual(scope.rootsOf('p'), [0]);
  assert.equal(scope.isRoot('d'), true);
  assert.equal(scope.isRoot('p'), false);
});

test('an object that comes before its owner is unplaced, and placed with everything below it when the owner comes', () => {
  const scope = new Scope([root]);
  assert.equal(scope.observe(object('p', { owners: ['r'] })).placement, 'unplaced');
  assert.equal(scope.observe(object('r', { owners: ['d'] })).placement, 'unplaced');
  assert.deepEqual([...scope.observe(web()).placed].sort(), ['d', 'p', 'r']);
  assert.equal(scope.placementOf('p'), 'member');
});

test('an object without owners that is no root is outside, and so is what it owns', () => {
  const scope = new Scope([root]);
  assert.equal(scope.observe(object('p', { owners: ['x'] })).placement, 'unplaced');
  assert.equal(scope.observe(object('x')).placement, 'outside');
  assert.equal(scope.placementOf('p'), 'outside');
});

test('a root is told by group, type, namespace and name together', () => {
  const cases = [
    object('a', { name: 'web', resource: 'deployments', namespace: 'other' }),
    object('b', { name: 'web', resource: 'pods' }),
    object('c', { name: 'web2', resource: 'deployments' }),
  ];
  const scope = new Scope([root]);
  for (const other of cases) assert.equal(scope.observe(other).placement, 'outside', other.object.metadata.uid);
});

test('an object adopted by a member comes into the story, and stays when it is orphaned', () => {
  const scope = new Scope([root]);
  scope.observe(web());
  assert.equal(scope.observe(object('p')).placement, 'outside');
  assert.deepEqual(scope.observe(object('p', { owners: ['d'] })), { placement: 'member', placed: ['p'] });
  assert.equal(scope.observe(object('p')).placement, 'member');
});

test('an object owned by members of two roots belongs to both', () => {
  const other: Root = { ...root, name: 'api' };
  const scope = new Scope([root, other]);
  scope.observe(web());
  scope.observe(object('e', { name: 'api', resource: 'deployments' }));
  scope.observe(object('p', { owners: ['d', 'e'] }));
  assert.deepEqual(scope.rootsOf('p'), [0, 1]);
});

test('a root deleted and created again is a second object of the same root', () => {
  const scope = new Scope([root]);
  scope.observe(web());
  scope.observe({ ...web(), object: { ...web().object, metadata: { ...web().object.metadata, uid: 'd2' } } });
  assert.deepEqual(scope.rootsOf('d2'), [0]);
});

test('a forgotten outsider is unknown again; a member cannot be forgotten', () => {
  const scope = new Scope([root]);
  scope.observe(web());
  scope.observe(object('x'));
  scope.forget('x');
  scope.forget('d');
  assert.equal(scope.placementOf('x'), 'unplaced');
  assert.equal(scope.placementOf('d'), 'member');
});

test('owners that own each other do not keep the scope from ending', () => {
  const scope = new Scope([root]);
  scope.observe(object('a', { owners: ['b'] }));
  scope.observe(object('b', { owners: ['a'] }));
  assert.equal(scope.placementOf('a'), 'unplaced');
});

test('the order in which objects are seen does not matter', () => {
  const tree = fc.array(fc.nat(), { minLength: 1, maxLength: 30 }).chain((parents) => {
    const nodes = parents.map((parent, index) => (index === 0 ? -1 : parent % index));
    return fc.tuple(
      fc.constant(nodes),
      fc.shuffledSubarray(
        nodes.map((_, index) => index),
        { minLength: nodes.length },
      ),
    );
  });
  holds(
    fc.property(tree, fc.boolean(), ([parents, order], isMember) => {
      const scope = new Scope([root]);
      for (const index of order) {
        const owner = parents[index] ?? -1;
        if (owner !== -1) scope.observe(object(`n${index}`, { owners: [`n${owner}`] }));
        else scope.observe(object('n0', { name: isMember ? 'web' : 'x', resource: 'deployments' }));
      }
      for (const index of order) assert.equal(scope.placementOf(`n${index}`), isMember ? 'member' : 'outside');
    }),
  );
});
