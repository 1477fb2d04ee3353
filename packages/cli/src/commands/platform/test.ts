// `souk test`: checks everything, on a platform of its own.
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { defineCommand } from '../../command.ts';
import { EXIT, UsageError } from '../../exit-code.ts';
import { runSuites } from '../../testing/run-suites.ts';
import { listSuites } from '../../testing/suite-list.ts';
import { claimTestPlatform } from '../../testing/test-platform.ts';

const LEAVES_WITHIN_MS = 10_000;
// A run ends by itself and with a summary, before CI ends it without one.
const CI_DEADLINE_MS = 80 * 60_000;

const CHAOS_SUITES = ['crashes', 'models'];
const CHAOS_TABLE = path.join(tmpdir(), 'souk-chaos-table.txt');

// Cases keep their numbers from run to run, so that --from goes on with what a former run has not reached.
const CHAOS_SEED = '20';

function chaosSettings({ seed, from }: { readonly seed?: string | undefined; readonly from?: string | undefined }) {
  return {
    SOUK_CRASHES: '20',
    SOUK_MATRIX: 'all',
    SOUK_MATRIX_TABLE: CHAOS_TABLE,
    SOUK_OUTAGE_SECONDS: '300',
    MODEL_RUNS: '2500',
    MODEL_STEPS: '100000',
    MODEL_KILLS: '500',
    ...(seed === undefined ? {} : { SOUK_SEED: seed, MODEL_SEED: seed }),
    ...(from === undefined ? {} : { SOUK_MATRIX_FROM: from }),
  };
}

export const test = defineCommand({
  words: ['test'],
  summary: 'run every test',
  arguments: [],
  options: {
    quick: { type: 'boolean', help: 'only formats, types, unit, PostgreSQL and chart tests; under two minutes' },
    chaos: { type: 'boolean', help: 'only crashes and models, at every moment there is; takes hours' },
    seed: { type: 'string', value: 'N', help: 'with --chaos: the order of the moments; the same seed, the same order' },
    from: {
      type: 'string',
      value: 'N',
      help: 'with --chaos: begin with this case of the kill matrix, after a run that was cut',
    },
    only: { type: 'string', value: 'SUITES', help: 'only these suites, divided by commas' },
    'keep-going': { type: 'boolean', help: 'go on after a suite that failed' },
  },
  details: 'Cluster tests run on a platform that is started for them beside a running one and removed afterwards.',
  examples: [
    'souk test',
    'souk test --quick',
    'souk test --only lint,types,unit',
    'souk test --chaos --seed 20 --from 57',
    'souk test --chaos --only crashes',
  ],
  run: async ({ values, terminal, env, signal }) => {
    const all = listSuites({ isQuick: values.quick === true, isChaos: values.chaos === true });
    const names = values.only?.split(',').map((name) => name.trim()) ?? (values.chaos ? CHAOS_SUITES : undefined);
    const unknown = names?.find((name) => !all.some((suite) => suite.name === name));
    if (unknown !== undefined) {
      throw new UsageError(
        `there is no suite "${unknown}"; there are ${all.map(({ name }) => name).join(', ')}`,
        'test',
      );
    }
    const suites = names === undefined ? all : all.filter(({ name }) => names.includes(name));
    if (suites.some(({ needs }) => needs !== 'nothing')) await claimTestPlatform(env);
    const isGood = await runSuites({
      suites,
      deadlineMs: env.CI === 'true' ? CI_DEADLINE_MS : null,
      keepGoing: values['keep-going'] === true,
      terminal,
      env: {
        // One seed for all that is random in a run, and another one in each, so that runs see more than one sample.
        SOUK_SEED: values.chaos ? CHAOS_SEED : String(randomInt(1_000_000)),
        ...env,
        ...(values.chaos ? chaosSettings(values) : {}),
      },
      signal,
    });
    if (values.chaos && existsSync(CHAOS_TABLE)) terminal.print(await readFile(CHAOS_TABLE, 'utf8'));
    // What a suite left that could not be ended must not keep this process.
    setTimeout(() => process.exit(), LEAVES_WITHIN_MS).unref();
    return isGood ? EXIT.ok : EXIT.failure;
  },
});
