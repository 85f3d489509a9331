import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bearerOf, TokenFile } from '../../../src/kube/auth/token-file.ts';

function tokenFile(beside: string | undefined): { file: TokenFile; put: (content: string | undefined) => void } {
  let content: string | undefined;
  const file = new TokenFile({
    read: async () => {
      if (content === undefined) throw new Error('not there');
      return Buffer.from(content);
    },
    beside,
    unusable: () => new Error('unusable'),
  });
  return {
    file,
    put: (next) => {
      content = next;
    },
  };
}

describe('TokenFile', () => {
  it("prefers the file's token, then the file's last, then the one beside it", async () => {
    const { file, put } = tokenFile('beside');
    assert.equal(await file.token(), 'beside');
    put('one\n');
    assert.equal(await file.token(), 'one');
    put(undefined);
    assert.equal(await file.token(), 'one');
    put('');
    assert.equal(await file.token(), 'one');
    put('two');
    assert.equal(await file.token(), 'two');
  });

  it('fails as long as there is nothing to fall back to', async () => {
    const { file, put } = tokenFile(undefined);
    await assert.rejects(file.token(), /not there/);
    put(' \n ');
    await assert.rejects(file.token(), /unusable/);
    put('one');
    assert.equal(await file.token(), 'one');
  });
});

describe('bearerOf', () => {
  for (const [text, token] of [
    ['abc', 'abc'],
    ['  abc\r\n', 'abc'],
    ['a b\tc', 'a b\tc'],
    ['', undefined],
    [' \n\t', undefined],
    ['a\nb', undefined],
    ['a\u0000b', undefined],
    ['a\u007fb', undefined],
    ['a\u2028b', undefined],
  ] as const)
    it(`makes ${JSON.stringify(token)} of ${JSON.stringify(text)}`, () => assert.equal(bearerOf(text), token));
});
