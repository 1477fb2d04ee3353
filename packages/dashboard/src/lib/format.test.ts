import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAge, formatCores, formatDuration, formatMib } from './format.ts';

test('durations are said in the unit that a person would choose', () => {
  assert.deepEqual([0, 849.6, 4_230, 42_400, 125_000, 7_380_000].map(formatDuration), [
    '0 ms',
    '850 ms',
    '4.2 s',
    '42 s',
    '2 min 5 s',
    '2 h 3 min',
  ]);
});

test('an instant that a fast clock puts into the future is now', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  assert.equal(formatAge('2026-01-01T00:00:09Z', now), 'now');
  assert.match(formatAge('2025-12-31T23:00:00Z', now), /^1 hr?\.? ago$/);
});

test('memory and cores are rounded to what one can compare', () => {
  assert.deepEqual([512, 1536, 20_480].map(formatMib), ['512 MiB', '1.5 GiB', '20 GiB']);
  assert.deepEqual([2, 40, 120, 1000, 2500].map(formatCores), [
    '0.002 cores',
    '0.04 cores',
    '0.12 cores',
    '1 core',
    '2.5 cores',
  ]);
});
