import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from './settings.ts';

test('the backend has a default address, and a trailing slash does not matter', () => {
  assert.deepEqual(readSettings({ PUBLISHABLE_KEY: 'pk_1' }), {
    backendUrl: 'http://backend:9000',
    publishableKey: 'pk_1',
  });
  assert.equal(
    readSettings({ PUBLISHABLE_KEY: 'pk_1', BACKEND_URL: 'http://10.0.0.1:9000/' }).backendUrl,
    'http://10.0.0.1:9000',
  );
});

test('all that is wrong is said at once', () => {
  assert.throws(() => readSettings({ BACKEND_URL: 'backend' }), /BACKEND_URL.*PUBLISHABLE_KEY/);
});
