import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../folder.ts';
import { faro, startCapture } from './capture.ts';
import { checkStory, counting, numbersOf, runOf } from './checker.ts';
import { skipped, type TestNamespace, testNamespace, workload } from './cluster.ts';

const options = { skip: skipped };

/** As long as Kubernetes lets names, keys and values be. */
const NAMESPACE_TITLE = 'n'.repeat(63 - '-000000'.length);
const NAME = 253;
/** The kubelet keeps a pod's logs in a folder NAMESPACE_POD_UID, and no file system takes a name of more than 255 bytes. */
const POD = 'p'.repeat(255 - 63 - 36 - '__'.length);
const CONTAINER = 'c'.repeat(63);
const LABEL = `${'d'.repeat(NAME)}/${'k'.repeat(63)}`;
const VALUE = 'v'.repeat(63);
const ANNOTATIONS_BYTES = 256 * 1024;
/** etcd takes a request of at most 1.5 MiB; the annotations are part of it. */
const TEXT = 'x'.repeat(1_250_000);
const LINES = 50;

const PLURAL = 'w'.repeat(63);
const GROUP = `${'g'.repeat(NAME - PLURAL.length - '.'.length - '.test'.length)}.test`;
const KIND = 'W'.repeat(63);
const BOMB = '['.repeat(10_000) + ']'.repeat(10_000);

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${PLURAL}.${GROUP}` },
  spec: {
    group: GROUP,
    scope: 'Namespaced',
    names: { plural: PLURAL, singular: KIND.toLowerCase(), kind: KIND, listKind: `${KIND.slice(4)}List` },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

/** Annotations of exactly the greatest size in all: bytes of keys and values. */
function annotations(): Record<string, string> {
  const document = (text: string) => JSON.stringify({ text });
  const fixed = 'document'.length + document('').length + 'bomb'.length + BOMB.length;
  return { bomb: BOMB, document: document('y'.repeat(ANNOTATIONS_BYTES - fixed)) };
}

/** It is of the whole cluster. */
function removed({ cluster }: TestNamespace): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      await cluster.kubectl(['delete', 'crd', `${PLURAL}.${GROUP}`, '--wait=false']);
    },
  };
}

async function create(ns: TestNamespace, object: object): Promise<void> {
  await ns.cluster.kubectl(['-n', ns.name, 'create', '-f', '-'], object);
}

test(
  'names, labels, annotations and objects as long as they may be are recorded, and drawn by everything',
  options,
  async () => {
    await using ns = await testNamespace(NAMESPACE_TITLE);
    const { kubectl } = ns.cluster;
    assert.equal(ns.name.length, 63);
    await kubectl(['apply', '-f', '-'], definition);
    await using _type = removed(ns);
    await kubectl(['wait', '--for=condition=Established', `crd/${PLURAL}.${GROUP}`]);
    const name = 'o'.repeat(NAME);
    const at = { kubeconfig: ns.cluster.kubeconfig, namespace: ns.name };
    const labels = { [LABEL]: VALUE };
    const root = {
      apiVersion: `${GROUP}/v1`,
      kind: KIND,
      metadata: { name, labels, annotations: annotations() },
      spec: { text: TEXT },
    };
    await ns.until('the type is served', ['crd', `${PLURAL}.${GROUP}`], () => true);
    await create(ns, root);
    using capture = await startCapture(at, `${PLURAL}.${GROUP}/${name}`);
    const { metadata } = await ns.until('it is there', [`${PLURAL}.${GROUP}`, name], () => true);
    const owner = { apiVersion: root.apiVersion, kind: KIND, name, uid: metadata.uid };
    await create(ns, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'm'.repeat(NAME) },
    });
    const from = { envFrom: [{ configMapRef: { name: 'm'.repeat(NAME) } }] };
    const containers = [workload(CONTAINER, `-n ${LINES} -tag L`, from)];
    const spec = { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers };
    await create(ns, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: POD, labels, ownerReferences: [owner] },
      spec,
    });
    await ns.until('it is done', ['pod', POD], ({ status }) => status.phase === 'Succeeded');
    await ns.kubectl('patch', `${PLURAL}.${GROUP}`, name, '--type=merge', '-p', '{"spec":{"mark":1}}');
    const story = await capture.end();
    const states = checkStory(story);
    const [first, second] = (states.get(metadata.uid) ?? []) as unknown as (typeof root & {
      spec: { mark?: number };
    })[];
    assert.ok(first !== undefined && second !== undefined);
    assert.equal(first.spec.text.length, TEXT.length);
    assert.equal(second.spec.mark, 1);
    assert.deepEqual(first.metadata.labels, labels);
    assert.equal(first.metadata.annotations.document, root.metadata.annotations.document);
    assert.ok((first.metadata.annotations.bomb ?? '').length < 2000, 'what is nested beyond reason is cut');
    assert.ok(capture.text().length < 2 * TEXT.length, 'a change of a large object is kept as a change');
    assert.ok(story.objects.some((object) => object.kind === 'ConfigMap' && object.name === 'm'.repeat(NAME)));
    assert.deepEqual(numbersOf(story, runOf(story, POD, CONTAINER), 'L'), counting(LINES));
    assert.deepEqual(story.gaps, []);
    await drawnByEverything(capture.text(), { root: name, namespace: ns.name });
  },
);

async function drawnByEverything(
  text: string,
  { root, namespace }: { root: string; namespace: string },
): Promise<void> {
  const folder = temporaryFolder('limits');
  const story = join(folder, 'story.json');
  writeFileSync(story, text);
  const ran = async (...args: string[]) => {
    const { code, stdout, stderr } = await faro(args).exit;
    assert.ok(code === 0, `faro ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  assert.ok((await ran('view', story)).includes(root.slice(0, 40)));
  await ran('explain', story);
  await ran('report', story);
  for (const format of ['md', 'ndjson', 'csv', 'otlp', 'perfetto'])
    assert.ok((await ran('convert', story, '--to', format)).length > 0, format);
  await ran('convert', story, '--to', 'kubectl-dir', '-o', join(folder, 'dump'));
  const log = readFileSync(join(folder, 'dump', namespace, POD, `${CONTAINER}.0.log`), 'utf8');
  assert.equal(log.trimEnd().split('\n').length, LINES);
  assert.ok(readFileSync(join(folder, 'dump', namespace, `${PLURAL}.yaml`), 'utf8').includes(root));
}
