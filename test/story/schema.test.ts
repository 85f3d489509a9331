import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { storyJsonSchema } from '../../src/story/document.ts';

test('the published JSON Schema is the one that stories are made by (npm run schema)', () => {
  assert.deepEqual(JSON.parse(readFileSync('docs/story.schema.json', 'utf8')), storyJsonSchema());
});
