import { writeFileSync } from 'node:fs';
import { storyJsonSchema } from '../src/story/document.ts';

/** `npm run schema`: publishes the contract of the story as JSON Schema. */
writeFileSync(new URL('../docs/story.schema.json', import.meta.url), `${JSON.stringify(storyJsonSchema(), null, 2)}\n`);
