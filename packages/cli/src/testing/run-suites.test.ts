import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { PlatformError } from '@souk/local';
import { Terminal } from '../output/terminal.ts';
import { Recorder } from '../test-terminal.ts';
import { runSuites, type SuitesRun } from './run-suites.ts';
import type { Suite, Tally } from './suite.ts';
import { claimTestPlatform } from './test-platform.ts';

const passing: Tally = { passed: 2, failures: [], skips: [{ name: 'one', reason: 'there is no browser' }] };

function suite(name: string, run: Suite['run']): Suite {
  return { name, title: name, needs: 'nothing', run };
}

async function runThem(
  suites: readonly Suite[],
  deadlineMs: number | null,
  more: Pick<SuitesRun, 'startPlatform'> = {},
): Promise<{ isGood: boolean; lines: string[] }> {
  const out = new Recorder(false);
  const terminal = new Terminal(
    { out, error: new Recorder(false), input: Object.assign(new PassThrough(), { isTTY: false }) },
    {},
  );
  const signal = new AbortController().signal;
  const isGood = await runSuites({ suites, keepGoing: false, deadlineMs, terminal, env: {}, signal, ...more });
  return { isGood, lines: out.text.split('\n') };
}

test('a run ends with the counts alone on their own line', async () => {
  const { isGood, lines } = await runThem(
    [suite('first', async () => passing), suite('second', async () => passing)],
    null,
  );
  assert.equal(isGood, true);
  assert.deepEqual(lines.slice(-2), ['4 passed, 0 failed, 2 skipped', '']);
});

test('what was skipped is told with the count, for each reason once', async () => {
  const skipping = (...names: string[]): Tally => ({
    passed: 1,
    failures: [],
    skips: names.map((name) => ({ name, reason: 'no Shop archive' })),
  });
  const suites = [suite('engines', async () => skipping('any')), suite('shop', async () => skipping('one', 'two'))];
  const { isGood, lines } = await runThem(suites, null);
  assert.equal(isGood, true, 'what cannot be tested here fails nothing');
  assert.ok(lines.includes('3 skipped: no Shop archive: any; one; two'), lines.join('\n'));
  assert.equal(lines.at(-2), '2 passed, 0 failed, 3 skipped');
});

test('the longest tests of all suites are told, the longest first', async () => {
  const taking = (...durations: number[]): Tally => ({
    ...passing,
    longest: durations.map((durationMs) => ({ name: `takes ${durationMs}`, durationMs })),
  });
  const suites = [
    suite('one', async () => taking(9_000, 2_000)),
    suite('two', async () => taking(...Array.from({ length: 20 }, (_, index) => 5_000 - index))),
  ];
  const { lines } = await runThem(suites, null);
  const told = lines.slice(lines.indexOf('The longest tests:') + 1).filter((line) => line.includes('takes'));
  assert.equal(told.length, 12);
  assert.deepEqual(
    told.slice(0, 2).map((line) => line.trim()),
    ['9.0 s  one: takes 9000', '5.0 s  two: takes 5000'],
  );
});

test('a suite at work at the deadline is told to end, and every later one counts as failed', async () => {
  const ended: string[] = [];
  const slow = suite('slow', async ({ signal }) => {
    await once(signal, 'abort');
    ended.push('slow');
    return { passed: 1, failures: [{ name: 'slow', text: 'was interrupted' }], skips: [] };
  });
  const never = async (): Promise<Tally> => assert.fail('it is too late for this one');
  const { isGood, lines } = await runThem([slow, suite('third', never), suite('fourth', never)], 50);
  assert.equal(isGood, false);
  assert.deepEqual(ended, ['slow']);
  assert.equal(lines.filter((line) => line.includes('not run: not reached within 50 ms')).length, 2);
  assert.deepEqual(lines.slice(-2), ['1 passed, 3 failed, 0 skipped', '']);
});

test('suites go on one after another in the order in which they are listed, and are summed up in it', async () => {
  const atWork = new Set<string>();
  const seen: string[] = [];
  const alone = (name: string): Suite =>
    suite(name, async () => {
      assert.deepEqual([...atWork], []);
      atWork.add(name);
      await delay(5);
      atWork.delete(name);
      seen.push(name);
      return passing;
    });
  const { lines } = await runThem(['first', 'second', 'third'].map(alone), null);
  assert.deepEqual(seen, ['first', 'second', 'third']);
  const rows = lines.flatMap((line) => /^(first|second|third) /.exec(line)?.[1] ?? []);
  assert.deepEqual(rows, ['first', 'second', 'third']);
});

test('suites after one that failed are not run and do not count', async () => {
  const bad = suite('bad', async () => ({ passed: 0, failures: [{ name: 'it', text: 'no' }], skips: [] }));
  const { isGood, lines } = await runThem([bad, suite('later', async () => passing)], 60_000);
  assert.equal(isGood, false);
  assert.deepEqual(lines.slice(-2), ['0 passed, 1 failed, 0 skipped', '']);
});

test('a platform that cannot be removed fails the run, whatever passed on it', async () => {
  const stays = new PlatformError('something could not be taken away: /run/netns/souk-0', { remedy: 'run it again' });
  const ended: boolean[] = [];
  const end = async (keepLogs: boolean): Promise<null> => {
    ended.push(keepLogs);
    throw stays;
  };
  const onIt: Suite = { ...suite('on it', async () => passing), needs: 'platform' };
  const { isGood, lines } = await runThem([onIt], null, { startPlatform: async () => ({ env: {}, end }) });
  assert.equal(isGood, false);
  assert.deepEqual(ended, [false], 'logs were kept before anything had failed');
  assert.ok(lines.some((line) => /could not be removed: something could not be taken away.*run it again/.test(line)));
  assert.deepEqual(lines.slice(-2), ['3 passed, 1 failed, 1 skipped', '']);
});

test('a second run of the same home is told of the first', async () => {
  const env = { SOUK_HOME: `/tmp/souk-claimed-${process.pid}` };
  await claimTestPlatform(env);
  await assert.rejects(claimTestPlatform(env), /another "souk test" uses the platform of \/tmp\/souk-claimed-\d+-test/);
});
