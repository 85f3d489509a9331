import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseYaml } from '../../../src/kube/config/yaml.ts';
import { FaroError } from '../../../src/model/errors.ts';
import { holds } from '../../property.ts';

const parse = (text: string) => parseYaml(Buffer.from(text), 'f');

describe('parseYaml', () => {
  for (const [title, text, data] of [
    ['the booleans of YAML 1.1', '[yes, off, y, True, "yes"]', [true, false, true, true, 'yes']],
    [
      'dates and times as text',
      '[2026-11-24, 2026-11-24T10:00:00Z, 12:30:45, 12:30.5]',
      ['2026-11-24', '2026-11-24T10:00:00Z', '12:30:45', '12:30.5'],
    ],
    ['numbers', '[1, 010, 1_000, 0x1f, 1e3]', [1, 8, 1000, 31, 1000]],
    ['the last of a repeated key', '{a: 1, a: 2}', { a: 2 }],
    ['merge keys', 'x: &x {a: 1, b: 1}\nz: {<<: *x, b: 2}', { x: { a: 1, b: 1 }, z: { a: 1, b: 2 } }],
    ['the first of several documents', 'a: 1\n---\nb: [', { a: 1 }],
    ['a type that nobody knows as its text', 'a: !secret x', { a: 'x' }],
    ['JSON with tabs', '{\n\t"a":\t[1,\n\t\t2]\n}', { a: [1, 2] }],
    ['nothing', '', undefined],
    ['a comment', '# nothing\n', undefined],
  ] as const) {
    it(`reads ${title}`, () => assert.deepEqual(parse(text).data, data));
  }

  it('tells where a value stands, or the nearest around it', () => {
    const { at } = parse('a:\n  - b: x\n    c: "y"\n');
    assert.equal(at(['a', 0, 'c']), 'f:3:8');
    assert.equal(at(['a', 0, 'gone', 'deep']), 'f:2:5');
    assert.equal(at(['gone']), 'f:1:1');
    assert.equal(at([]), 'f:1:1');
    assert.equal(parse('').at(['a']), 'f');
  });

  it('tells where an alias stands in place of a value', () => {
    assert.equal(parse('x: &x {a: 1}\nz: *x\n').at(['z', 'a']), 'f:2:4');
  });

  for (const [text, message] of [
    ['a: [1\nb: 2', /^f:2:1: YAML: the indentation/],
    ['a: b: c', /^f:1:4: YAML: a second ": " on one line/],
    ['a: "x', /^f:1:\d+: YAML: something is missing/],
    ['\ta: 1', /^f:1:1: YAML: a tab indents/],
    ['a: @x', /^f:1:4: YAML: a value begins with a character that YAML reserves/],
    ['a: "\\q"', /^f:1:5: YAML: an escape sequence/],
    ['a: {b: 1}}', /^f:1:10: YAML: something stands here/],
    ['a: *b', /^f: YAML: an alias without its anchor/],
  ] as const) {
    it(`says where ${JSON.stringify(text)} is wrong`, () =>
      assert.throws(() => parse(text), { code: 'kubeconfig', message }));
  }

  it('never repeats the source, whatever is wrong with it', () => {
    const secret = fc.constantFrom('SECRETSECRET');
    const noise = fc.constantFrom(
      '"',
      "'",
      ':',
      ': ',
      '\n',
      '\n  ',
      '\t',
      '[',
      ']',
      '{',
      '}',
      ',',
      '*',
      '&',
      '!',
      '|',
      '>',
      '%',
      '@',
      '- ',
      '? ',
      '#',
      '\\',
      'a',
      '---\n',
    );
    holds(
      fc.property(fc.array(fc.oneof(noise, noise, secret), { maxLength: 12 }), (parts) => {
        try {
          parse(parts.join(''));
        } catch (error) {
          assert.ok(error instanceof FaroError, String(error));
          assert.doesNotMatch(`${error.message} ${error.hint} ${error.cause} ${error.stack}`, /SECRET/);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
