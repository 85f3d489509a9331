import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../folder.ts';
import { faro } from './capture.ts';
import { skipped, testNamespace, workload } from './cluster.ts';

const options = { skip: skipped };

test(
  'a capture with --report leaves the story and its report, and begins nothing where the report has no place',
  options,
  async () => {
    await using ns = await testNamespace('report');
    const metadata = { name: 'once' };
    const spec = { restartPolicy: 'Never', containers: [workload('app', '-n 20 -rate 100 -tag A')] };
    await ns.apply({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
    const folder = temporaryFolder('e2e-report');
    const story = join(folder, 'story.json.gz');
    const at = ['-n', ns.name, '--kubeconfig', ns.cluster.kubeconfig, '-o', story];
    const capture = () => faro(['capture', 'pod/once', ...at, '--until', 'complete', '--settle', '0', '--report']).exit;
    writeFileSync(join(folder, 'story.html'), 'taken');
    const refused = await capture();
    assert.equal(refused.code, 4);
    assert.match(refused.stderr, /story\.html exists already/);
    assert.ok(!existsSync(story));
    const report = join(folder, 'other.html');
    const args = ['capture', 'pod/once', ...at, '--until', 'complete', '--settle', '0', '--report', report];
    const { code, stderr } = await faro(args).exit;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /other\.html: the report/);
    assert.ok(existsSync(story));
    assert.match(readFileSync(report, 'utf8'), /^<!doctype html>[\s\S]*<title>Pod report-\w+\/once/);
  },
);
