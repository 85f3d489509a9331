import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration } from '../../src/cli/duration.ts';
import { durationText } from '../../src/model/duration.ts';

test('a duration is written as the options take it', () => {
  for (const text of ['10m', '1h30m', '1m30s', '20s', '500ms', '1s500ms'])
    assert.equal(durationText(parseDuration(text, '--timeout')), text);
  assert.equal(durationText(parseDuration('90s', '--timeout')), '1m30s');
  assert.equal(durationText(0), '0s');
});
