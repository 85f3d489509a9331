import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasOnlyDoubles, parseJson } from '../../src/model/json.ts';
import { holds } from '../property.ts';

const UNSAFE = ['9007199254740993', '-12345678901234567890', '0.12345678901234567', '1e5', '2.50E+3', '123456789.1e-7'];

test('a number that a double cannot hold is found wherever it stands, however the text is laid out', () => {
  const space = fc.constantFrom('', ' ', '\n  ', ' \t ');
  holds(
    fc.property(fc.constantFrom(...UNSAFE), space, space, fc.string(), (number, before, after, text) => {
      const name = JSON.stringify(text);
      for (const json of [
        `{${name}${before}:${after}${number}}`,
        `{${name}:[${before}${number}${after}]}`,
        `[${name},${before}${number},1]`,
      ]) {
        assert.equal(hasOnlyDoubles(json), false, json);
        assert.ok(JSON.stringify(parseJson(json)).includes(number), json);
      }
    }),
  );
});

test('what only looks like a number within a text is none', () => {
  const digest = `web@sha256:1e${'0'.repeat(62)}`;
  const texts = [digest, 'a :1e5', '12345678901234567890', `x ${'7'.repeat(40)}`];
  for (const text of texts) {
    const json = JSON.stringify({ image: text, [text]: 'latest' });
    assert.equal(hasOnlyDoubles(json), true, json);
    assert.deepEqual(parseJson(json), JSON.parse(json));
  }
});
