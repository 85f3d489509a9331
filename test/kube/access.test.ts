import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AccessRule, allowedBy, mayI, namesAllowedBy, reviewRules } from '../../src/kube/access.ts';
import { clusterIdentity } from '../../src/kube/identity.ts';
import { clientOf, NEVER } from './wire/client.ts';
import { TestServer } from './wire/server.ts';

describe('an access review', () => {
  it('asks for one thing, and reads the answer', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const question = { verb: 'get', group: '', resource: 'pods', subresource: 'log', namespace: 'shop', name: 'web-0' };
    const asking = mayI(client, question, NEVER);
    const exchange = await server.next();
    assert.equal(exchange.url.pathname, '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews');
    assert.deepEqual(JSON.parse(await exchange.body()), {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: question },
    });
    exchange.json({ status: { allowed: true, reason: 'RBAC: allowed by RoleBinding "a"' } }, 201);
    assert.deepEqual(await asking, { allowed: true, reason: 'RBAC: allowed by RoleBinding "a"' });
  });

  const answers: readonly (readonly [unknown, object])[] = [
    [{ status: { allowed: false } }, { allowed: false, reason: '' }],
    [
      { status: { allowed: false, reason: 'no', evaluationError: 'role not found' } },
      { allowed: false, reason: 'no; role not found' },
    ],
    [{ status: { allowed: 'true' } }, { allowed: false, reason: '' }],
    [{}, { allowed: false, reason: '' }],
  ];
  for (const [answer, expected] of answers)
    it(`answered with ${JSON.stringify(answer)} is no`, async () => {
      const client = { postJson: async () => answer };
      const question = { verb: 'list', group: 'apps', resource: 'deployments', namespace: null };
      assert.deepEqual(await mayI(client, question, NEVER), expected);
    });
});

describe('the rules of a namespace', () => {
  it('are asked for at once', async () => {
    await using server = await TestServer.start();
    await using client = clientOf(server);
    const asking = reviewRules(client, 'shop', NEVER);
    const exchange = await server.next();
    assert.equal(exchange.url.pathname, '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews');
    assert.deepEqual(JSON.parse(await exchange.body()).spec, { namespace: 'shop' });
    const rule = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', 'pods/log'] };
    exchange.json(
      { status: { resourceRules: [rule, { verbs: ['get'], resourceNames: ['web'] }], incomplete: true } },
      201,
    );
    assert.deepEqual(await asking, {
      rules: [
        { verbs: ['get', 'list'], groups: [''], resources: ['pods', 'pods/log'], names: [] },
        { verbs: ['get'], groups: [], resources: [], names: ['web'] },
      ],
      incomplete: true,
    });
  });

  const rule = (changes: Partial<AccessRule>): AccessRule => ({
    verbs: ['get'],
    groups: [''],
    resources: ['pods'],
    names: [],
    ...changes,
  });
  const getPods = { verb: 'get', group: '', resource: 'pods' };
  const getLog = { ...getPods, subresource: 'log' };
  const rows: readonly (readonly [string, AccessRule, Parameters<typeof allowedBy>[1], boolean])[] = [
    ['the very thing', rule({}), getPods, true],
    ['another verb', rule({ verbs: ['list'] }), getPods, false],
    ['every verb', rule({ verbs: ['*'] }), getPods, true],
    ['another group', rule({ groups: ['apps'] }), getPods, false],
    ['every group', rule({ groups: ['*'] }), getPods, true],
    ['another resource', rule({ resources: ['nodes'] }), getPods, false],
    ['every resource', rule({ resources: ['*'] }), getPods, true],
    ['the resource, for its subresource', rule({}), getLog, false],
    ['the subresource', rule({ resources: ['pods/log'] }), getLog, true],
    ['the subresource, for its resource', rule({ resources: ['pods/log'] }), getPods, false],
    ['every resource, for a subresource', rule({ resources: ['*'] }), getLog, true],
    ['a subresource of every resource', rule({ resources: ['*/log'] }), getLog, true],
    ['another subresource of every resource', rule({ resources: ['*/status'] }), getLog, false],
    ['one name, for any', rule({ names: ['web'] }), getPods, false],
    ['one name, for it', rule({ names: ['web'] }), { ...getPods, name: 'web' }, true],
    ['one name, for another', rule({ names: ['web'] }), { ...getPods, name: 'api' }, false],
    ['any name, for one', rule({}), { ...getPods, name: 'api' }, true],
  ];
  for (const [title, granted, question, expected] of rows)
    it(`that grant ${title}: ${expected ? 'yes' : 'no'}`, () => {
      assert.equal(allowedBy({ rules: [rule({ verbs: ['watch'] }), granted], incomplete: false }, question), expected);
    });

  it('that are not all there say no to nothing', () => {
    assert.equal(allowedBy({ rules: [], incomplete: true }, getPods), undefined);
    assert.equal(allowedBy({ rules: [rule({})], incomplete: true }, getPods), true);
  });

  it('tell the names to which a verb is limited', () => {
    const rules = [rule({ names: ['web', 'api'] }), rule({ names: ['web'] }), rule({ verbs: ['list'], names: ['db'] })];
    assert.deepEqual(namesAllowedBy({ rules, incomplete: false }, getPods), ['web', 'api']);
    assert.deepEqual(namesAllowedBy({ rules: [...rules, rule({})], incomplete: false }, getPods), []);
  });
});

describe('the identity of a cluster', () => {
  const answering = (answers: Readonly<Record<string, unknown>>) =>
    TestServer.start().then((server) => {
      server.handle = (exchange) => {
        const answer = answers[exchange.url.pathname];
        if (typeof answer === 'number') exchange.refuse(answer, 'Reason');
        else exchange.json(answer);
      };
      return server;
    });
  const version = { '/version': { gitVersion: 'v1.37.2' } };
  const namespace = '/api/v1/namespaces/kube-system';

  it('is its version and the UID of kube-system', async () => {
    await using server = await answering({ ...version, [namespace]: { metadata: { uid: 'u-1' } } });
    await using client = clientOf(server);
    assert.deepEqual(await clusterIdentity(client, NEVER), { version: 'v1.37.2', uid: 'u-1' });
  });

  for (const status of [403, 404])
    it(`has no UID where the namespace is answered with ${status}`, async () => {
      await using server = await answering({ ...version, [namespace]: status });
      await using client = clientOf(server);
      assert.deepEqual(await clusterIdentity(client, NEVER), { version: 'v1.37.2', uid: null });
    });

  it('cannot be had from a server that fails', async () => {
    await using server = await answering({ ...version, [namespace]: 500 });
    await using client = clientOf(server);
    await assert.rejects(clusterIdentity(client, NEVER), { status: 500 });
  });
});
