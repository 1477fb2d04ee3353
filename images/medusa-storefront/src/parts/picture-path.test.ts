import assert from 'node:assert/strict';
import { test } from 'node:test';
import { picturePath } from './picture-path.ts';

test('a picture is asked for at the shop itself, whatever host it was stored under', () => {
  assert.equal(picturePath('/static/samples/mug.webp'), '/static/samples/mug.webp');
  assert.equal(picturePath('http://localhost:9000/static/a%20b.webp?v=2'), '/static/a%20b.webp?v=2');
  assert.equal(picturePath('https://old-name.souk.localhost/static/mug.webp'), '/static/mug.webp');
});

test('what is not a web address is no picture', () => {
  for (const stored of [null, undefined, '', '  ', 'javascript:alert(1)', 'data:image/png;base64,AA', 'http://']) {
    assert.equal(picturePath(stored), null);
  }
});
