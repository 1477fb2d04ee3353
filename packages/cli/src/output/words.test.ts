import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatAge, formatDuration, formatTime, parseDuration } from './words.ts';

describe('words', () => {
  it('tell durations in the unit that fits', () => {
    const cases: [number, string][] = [
      [0, '0 ms'],
      [17, '17 ms'],
      [99.6, '0.1 s'],
      [4_100, '4.1 s'],
      [59_949, '59.9 s'],
      [59_960, '1 min 00 s'],
      [125_000, '2 min 05 s'],
      [3_725_000, '1 h 02 min'],
    ];
    for (const [ms, words] of cases) assert.equal(formatDuration(ms), words);
  });

  it('read back the durations that people type', () => {
    for (const [text, ms] of [
      ['90', 90_000],
      ['90s', 90_000],
      ['1.5m', 90_000],
      ['2 min', 120_000],
      ['1h', 3_600_000],
      ['250ms', 250],
    ] as const) {
      assert.equal(parseDuration(text), ms, text);
    }
    for (const text of ['', 'soon', '-5s', '5d', '1e3']) assert.equal(parseDuration(text), null, text);
  });

  it('tell ages from the past only', () => {
    const now = Date.parse('2026-01-02T00:00:00Z');
    assert.equal(formatAge('2026-01-02T00:00:05Z', now), '0 s ago');
    assert.equal(formatAge('2026-01-01T23:59:15Z', now), '45 s ago');
    assert.equal(formatAge('2026-01-01T23:00:00Z', now), '1 h ago');
    assert.equal(formatAge('2025-12-25T00:00:00Z', now), '8 d ago');
  });

  it('leave the date away today', () => {
    const now = new Date(2026, 0, 2, 12);
    assert.equal(formatTime(new Date(2026, 0, 2, 9, 5, 7).toISOString(), now), '09:05:07');
    assert.equal(formatTime(new Date(2026, 0, 1, 9, 5, 7).toISOString(), now), '2026-01-01 09:05:07');
  });
});
