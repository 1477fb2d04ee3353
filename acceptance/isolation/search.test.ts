import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { makeSearch } from './search.ts';

const SECRET = 'canary "of the mine"/?+';
const search = makeSearch([{ what: 'the secret', value: SECRET }]);

test('a secret is found in every spelling, wherever it stands in the text', () => {
  for (let before = 0; before < 7; before += 1) {
    for (let after = 0; after < 4; after += 1) {
      const text = `${'x'.repeat(before)}${SECRET}${'y'.repeat(after)}`;
      const spellings = {
        plain: text,
        bytes: Buffer.concat([randomBytes(64), Buffer.from(text), randomBytes(64)]),
        json: JSON.stringify({ text }),
        url: `https://host/?q=${encodeURIComponent(text)}`,
        hex: Buffer.from(text).toString('hex'),
        base64: Buffer.from(text).toString('base64'),
      };
      for (const [spelling, spelled] of Object.entries(spellings)) {
        assert.deepEqual(search(spelled), ['the secret'], `${spelling}, ${before} characters before, ${after} after`);
      }
    }
  }
});

test('a text without the secret has none', () => {
  assert.deepEqual(search(`canary of the mine ${randomBytes(4096).toString('base64')}`), []);
});
