import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { printable } from '../../src/model/printable.ts';
import { holds } from '../property.ts';

test('ordinary text of any language stays as it is', () => {
  for (const text of ['GET / 200', 'naïve café', '数据库已就绪', 'שלום', '🚀 deployed', 'a│b'])
    assert.equal(printable(text), text);
});

test('control characters show as pictures, and what reorders or hides text is replaced', () => {
  assert.equal(printable('\u001b[31mred\u001b]0;title\u0007'), '␛[31mred␛]0;title␇');
  assert.equal(printable('a\r\nb\tc\u007f'), 'a␍␊b c␡');
  assert.equal(printable('\u202eevil\u2066x\u2069\u200b\u2028\ufeff\u009b31m\ud800'), '�evil�x����\ufffd31m�');
});

test('nothing that a terminal obeys comes through, whatever the text', () => {
  const unit = fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0x1b, 0x9b, 0x202e, 0x0a, 0xd800, 0xdc00));
  holds(
    fc.property(fc.array(unit), (units) => {
      const shown = printable(String.fromCharCode(...units));
      for (const character of shown) {
        const code = character.codePointAt(0) ?? 0;
        assert.ok(code >= 0x20 && !(code >= 0x7f && code <= 0x9f), code.toString(16));
        assert.ok(!/\p{Bidi_Control}|\p{Cs}/u.test(character), code.toString(16));
      }
      assert.equal(printable(shown), shown);
    }),
  );
});
