import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../src/model/resource.ts';
import { millisecondsOf, timestampOf } from '../../src/model/time.ts';
import { LastHeard } from '../../src/watch/last-heard.ts';

const START = Date.parse('2026-11-23T12:00:00Z');

/** An object that was written at some milliseconds of the server's clock, told in whole seconds. */
function written(ms: number): KubeObject {
  const time = `${new Date(START + ms).toISOString().slice(0, 19)}Z`;
  const metadata = { name: 'web', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-11-23T11:00:00Z' };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, managedFields: [{ manager: 'kubelet', time }] } };
}

function heardFrom(ahead?: () => number): { readonly heard: LastHeard; readonly ms: () => number } {
  const heard = new LastHeard(timestampOf(START), ahead);
  return { heard, ms: () => millisecondsOf(heard.time) - START };
}

test('a state that comes at once is heard when it comes', () => {
  const { heard, ms } = heardFrom();
  heard.brought(written(5300), START + 5900);
  assert.equal(ms(), 5900);
});

test('of a state that comes late, what was written since may not have come yet', () => {
  const { heard, ms } = heardFrom();
  heard.brought(written(4700), START + 27_900);
  assert.equal(ms(), 4000);
});

test('a sign of life of a watch that lags is as old as its newest state was', () => {
  const { heard, ms } = heardFrom();
  heard.brought(written(4000), START + 9000);
  heard.stood(START + 60_000);
  assert.equal(ms(), 55_000);
});

test('a deletion, which writes no time, takes nothing back that was heard before', () => {
  const { heard, ms } = heardFrom();
  heard.brought(written(40_000), START + 40_200);
  heard.brought(written(1000), START + 50_000, { isDeleted: true });
  assert.equal(ms(), 40_200);
  heard.stood(START + 60_000);
  assert.equal(ms(), 60_000);
});

test('a lag is told from a clock that is behind the server’s', () => {
  const { heard, ms } = heardFrom();
  heard.brought(written(183_000), START + 3000); // three minutes behind
  assert.equal(ms(), 3000);
  heard.brought(written(184_000), START + 9000);
  assert.equal(ms(), 4000);
});

test('a lag from the beginning is told where the difference of the clocks is known', () => {
  const { heard, ms } = heardFrom(() => -180_000);
  heard.brought(written(181_000), START + 9000); // three minutes behind, eight seconds late
  assert.equal(ms(), 1000);
  heard.brought(written(190_000), START + 10_500);
  assert.equal(ms(), 10_500);
});

test('a state that tells no time of its own is not taken for late', () => {
  const { heard, ms } = heardFrom();
  heard.brought(written(183_000), START + 3000);
  const { creationTimestamp: _, managedFields: __, ...metadata } = written(0).metadata;
  heard.brought({ ...written(0), metadata } as KubeObject, START + 9000);
  assert.equal(ms(), 9000);
});

test('a list was up to date when it was asked for', () => {
  const { heard, ms } = heardFrom();
  heard.brought(written(4000), START + 9000);
  heard.listed(START + 8000);
  assert.equal(ms(), 8000);
  heard.stood(START + 20_000);
  assert.equal(ms(), 20_000);
});
