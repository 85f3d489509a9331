import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FileCredentials, fixedCredentials, sameCredentials } from '../../../src/kube/auth/sources.ts';
import type { Credentials } from '../../../src/kube/connection.ts';
import { ManualClock } from './manual-clock.ts';

const signal = new AbortController().signal;

/** Credentials whose file holds what the test puts into it, or cannot be read. */
function file(): {
  source: FileCredentials;
  clock: ManualClock;
  put: (content: Credentials | Error) => void;
  reads: () => number;
} {
  const clock = new ManualClock();
  let content: Credentials | Error = { token: 'one' };
  let reads = 0;
  const source = new FileCredentials(async () => {
    reads += 1;
    if (content instanceof Error) throw content;
    return { ...content };
  }, clock);
  return {
    source,
    clock,
    put: (next) => {
      content = next;
    },
    reads: () => reads,
  };
}

describe('fixedCredentials', () => {
  it('are always the same object, and a 401 changes nothing', async () => {
    const given = { token: 'one' };
    const source = fixedCredentials(given);
    assert.equal(await source.get(signal), given);
    assert.equal(source.reject(given), false);
    await assert.rejects(source.get(AbortSignal.abort(new Error('stop'))), /stop/);
  });
});

describe('FileCredentials', () => {
  it('read the file once a minute', async () => {
    const { source, clock, put, reads } = file();
    assert.deepEqual(await source.get(signal), { token: 'one' });
    put({ token: 'two' });
    clock.pass(59_999);
    assert.deepEqual(await source.get(signal), { token: 'one' });
    assert.equal(reads(), 1);
    clock.pass(1);
    assert.deepEqual(await source.get(signal), { token: 'two' });
    assert.equal(reads(), 2);
  });

  it('stay the same object as long as the content is the same', async () => {
    const { source, clock } = file();
    const before = await source.get(signal);
    clock.pass(60_000);
    assert.equal(await source.get(signal), before);
  });

  it('are read at once after a 401, and only where the refused ones are the last', async () => {
    const { source, put, reads } = file();
    const old = await source.get(signal);
    put({ token: 'two' });
    assert.equal(source.reject(old), true);
    const fresh = await source.get(signal);
    assert.deepEqual(fresh, { token: 'two' });
    assert.equal(source.reject(old), true);
    assert.equal(await source.get(signal), fresh);
    assert.equal(reads(), 2);
  });

  it('keep the last good ones while the file cannot be read', async () => {
    const { source, clock, put } = file();
    await source.get(signal);
    put(new Error('half of a change'));
    clock.pass(60_000);
    assert.deepEqual(await source.get(signal), { token: 'one' });
    put({ token: 'three' });
    clock.pass(60_000);
    assert.deepEqual(await source.get(signal), { token: 'three' });
  });

  it('fail where there was never a good one, and recover', async () => {
    const { source, put } = file();
    put(new Error('not there'));
    await assert.rejects(source.get(signal), /not there/);
    put({ token: 'four' });
    assert.deepEqual(await source.get(signal), { token: 'four' });
  });

  it('are read once for many who ask at the same time', async () => {
    const { source, reads } = file();
    const all = await Promise.all(Array.from({ length: 20 }, () => source.get(signal)));
    assert.equal(reads(), 1);
    assert.equal(new Set(all).size, 1);
  });
});

describe('sameCredentials', () => {
  const certificate = { cert: 'c', key: 'k' };
  const full: Credentials = { token: 't', clientCertificate: certificate };
  for (const [title, other, same] of [
    ['equal text', { token: 't', clientCertificate: { ...certificate } }, true],
    ['another token', { ...full, token: 'u' }, false],
    ['no token', { clientCertificate: certificate }, false],
    ['another certificate', { ...full, clientCertificate: { cert: 'd', key: 'k' } }, false],
    ['another key', { ...full, clientCertificate: { cert: 'c', key: 'l' } }, false],
    ['no certificate', { token: 't' }, false],
  ] as const)
    it(`says ${same} of ${title}`, () => assert.equal(sameCredentials(full, other), same));
});
