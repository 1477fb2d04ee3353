// Every suite of `souk test`. Those that need a platform run one after another on one that is started for them, those that break one on
// another, and all others beside them, cheap first.

import { readdirSync } from 'node:fs';
import { ensureBrowser, ensureFaketime } from './debian-packages.ts';
import { findFiles, inRepository, kindOfTest, REPOSITORY, type TestKind } from './repository.ts';
import { runGoTests } from './run-go-tests.ts';
import { runProgram } from './run-program.ts';
import { runSchemathesis } from './run-schemathesis.ts';
import { runTestFiles, type TestFiles } from './run-test-files.ts';
import { type Suite, type SuiteRun, type Tally, tallyOfCheck } from './suite.ts';

const CODE = ['packages/*/src/**/*.test.ts', 'images/**/*.test.{ts,js}', 'benchmarks/**/*.test.ts'] as const;
const CHARTS = ['charts/**/*.test.ts'] as const;
const MINUTE_MS = 60_000;

export interface SuiteChoice {
  readonly isQuick: boolean;
  /** The crash tests go through every moment there is. */
  readonly isChaos: boolean;
}

export function listSuites({ isQuick, isChaos }: SuiteChoice): Suite[] {
  // Without a cluster the tests that want one still run: what of them needs none, and a skip with its reason for the rest.
  const clusterTests: readonly TestKind[] = isQuick ? ['cluster'] : [];
  const charts = tests('charts', 'charts', CHARTS, ['unit', 'postgres', ...clusterTests], {
    concurrency: 2,
    testTimeoutMs: MINUTE_MS,
    deadlineMs: 5 * MINUTE_MS,
  });
  // They wait more than they reckon; beside a platform there is no processor left for more of them.
  const atOnce = isQuick ? 4 : 2;
  const suites: Suite[] = [
    check('lint', 'format and lint', ['node_modules/.bin/biome', 'ci', '--colors=off', '--max-diagnostics=200', '.']),
    check('types', 'types', ['node_modules/.bin/tsc', '--noEmit', '--pretty', 'false']),
    // A browser has other types than Node.
    check('types-dashboard', 'types of the dashboard', [
      'node_modules/.bin/tsc',
      ...['--noEmit', '--pretty', 'false', '-p', 'packages/dashboard'],
    ]),
    tests('architecture', 'architecture', CODE, ['architecture'], {
      concurrency: 1,
      testTimeoutMs: MINUTE_MS,
      deadlineMs: 2 * MINUTE_MS,
    }),
    tests('unit', 'unit', CODE, ['unit', ...clusterTests], {
      concurrency: atOnce,
      testTimeoutMs: 30_000,
      deadlineMs: 5 * MINUTE_MS,
    }),
    withFaketime(
      tests('postgres', 'on PostgreSQL', CODE, ['postgres'], {
        concurrency: atOnce,
        testTimeoutMs: MINUTE_MS,
        deadlineMs: 10 * MINUTE_MS,
      }),
    ),
  ];
  if (isQuick) return [...suites, charts];
  return [
    ...suites,
    { name: 'schemathesis', title: 'API against its document', needs: 'nothing', run: runSchemathesis },
    { ...charts, needs: 'programs' },
    { name: 'go', title: 'Go programs', needs: 'programs', run: runGoTests },
    onPlatform(
      tests('cluster', 'on a cluster', [...CODE, ...CHARTS], ['cluster'], {
        // Each in a namespace of its own; one of them waits a minute for the cluster to speak.
        concurrency: 2,
        testTimeoutMs: 3 * MINUTE_MS,
        deadlineMs: 15 * MINUTE_MS,
      }),
    ),
    // One after another: they count what is left on the whole node.
    onPlatform(acceptance('api', 'acceptance: the API', 'api')),
    onPlatform(acceptance('store-life', 'acceptance: life of a store', 'store-life')),
    onPlatform(acceptance('network-policies', 'acceptance: network policies', 'network-policies')),
    onPlatform(acceptance('engines', 'acceptance: every engine', 'engines')),
    ...engineSuites(),
    onPlatform(acceptance('other-cluster', 'acceptance: another cluster', 'other-cluster')),
    onPlatform(withBrowser(acceptance('dashboard', 'acceptance: the dashboard', 'dashboard'))),
    // It restarts the node.
    onPlatformToBreak(acceptance('isolation', 'acceptance: isolation', 'isolation')),
    onPlatformToBreak(
      withBrowser(acceptance('crashes', 'acceptance: crashes', 'crashes', (isChaos ? 180 : 40) * MINUTE_MS)),
    ),
    onPlatformToBreak(acceptance('down', 'acceptance: down', 'down')),
    // A few steps of them are in every run, among the tests on PostgreSQL.
    ...(isChaos
      ? [
          tests(
            'models',
            'models',
            ['packages/*/src/**/*-model.test.ts', 'packages/*/src/**/kill-workers.test.ts'],
            ['postgres'],
            {
              concurrency: 1,
              testTimeoutMs: 180 * MINUTE_MS,
              deadlineMs: 180 * MINUTE_MS,
            },
          ),
        ]
      : []),
  ];
}

/** What is particular to one engine; a folder of its own for each. */
function engineSuites(): Suite[] {
  const entries = readdirSync(inRepository('acceptance', 'engines'), { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return names
    .sort()
    .map((name) => onPlatform(withBrowser(acceptance(name, `acceptance: ${name}`, `engines/${name}`))));
}

function check(name: string, title: string, command: readonly [string, ...string[]]): Suite {
  return {
    name,
    title,
    needs: 'nothing',
    run: async ({ signal, env }) => {
      const end = await runProgram({ command, cwd: REPOSITORY, env, signal, deadlineMs: 5 * MINUTE_MS });
      return tallyOfCheck(title, end.exitCode === 0 ? null : end.output.trim());
    },
  };
}

function tests(
  name: string,
  title: string,
  patterns: readonly string[],
  kinds: readonly TestKind[],
  limits: Omit<TestFiles, 'files'>,
): Suite {
  return {
    name,
    title,
    needs: 'nothing',
    run: async (run: SuiteRun): Promise<Tally> => {
      const files: string[] = [];
      for (const file of await findFiles(patterns)) {
        if (kinds.includes(await kindOfTest(file))) files.push(file);
      }
      return await runTestFiles({ ...limits, files }, run);
    },
  };
}

function acceptance(name: string, title: string, folder: string, deadlineMs = 25 * MINUTE_MS): Suite {
  return {
    name,
    title,
    needs: 'platform',
    run: async (run) => {
      const files = await findFiles([`acceptance/${folder}/*.test.ts`]);
      return await runTestFiles({ files, concurrency: 1, testTimeoutMs: 10 * MINUTE_MS, deadlineMs }, run);
    },
  };
}

const withBrowser = (suite: Suite): Suite => withPackage(suite, 'a browser', ensureBrowser);
const withFaketime = (suite: Suite): Suite => withPackage(suite, 'libfaketime', ensureFaketime);

function withPackage(suite: Suite, what: string, ensure: (run: SuiteRun) => Promise<void>): Suite {
  return {
    ...suite,
    run: async (run) => {
      run.onProgress(`getting ${what}`, { passed: 0, failed: 0 });
      await ensure(run);
      return await suite.run(run);
    },
  };
}

function onPlatform(suite: Suite): Suite {
  return { ...suite, needs: 'platform' };
}

function onPlatformToBreak(suite: Suite): Suite {
  return { ...suite, needs: 'platform to break' };
}

export const ENGINE_FOLDERS_OF_TESTS: readonly string[] = ['test-engine', 'late-engine', 'hasty-engine'].map((name) =>
  inRepository('acceptance', name),
);
