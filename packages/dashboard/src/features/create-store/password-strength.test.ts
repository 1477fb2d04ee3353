import assert from 'node:assert/strict';
import { test } from 'node:test';
import { strengthOf } from './password-strength.ts';

test('a password that is too short says how many characters are missing', () => {
  assert.deepEqual(strengthOf('abc'), { score: 1, words: '9 more characters are needed' });
});

test('repetition does not count as length', () => {
  assert.equal(strengthOf('aaaaaaaaaaaaaaaaaaaa').score, 2);
  assert.equal(strengthOf('abcabcabcabcabcabc').score, 2);
});

test('a long random password is strong', () => {
  assert.equal(strengthOf('vT9-kQ2x!mZ7pLw4').score, 4);
});
