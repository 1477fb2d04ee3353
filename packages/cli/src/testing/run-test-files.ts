// Runs test files and counts, from what their runner reports; never from text meant for people.
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { REPOSITORY } from './repository.ts';
import { runProgram } from './run-program.ts';
import type { Failure, PassedTest, Skip, SuiteRun, Tally } from './suite.ts';
import type { TestReport } from './test-report.ts';

const RUNNER = fileURLToPath(new URL('./report-test-files.ts', import.meta.url));
const OUTPUT_SHOWN = 4_000;
const LONGEST_TOLD = 20;

export interface TestFiles {
  readonly files: readonly string[];
  readonly concurrency: number;
  /** For one test. */
  readonly testTimeoutMs: number;
  /** For all of them together. */
  readonly deadlineMs: number;
}

export async function runTestFiles(tests: TestFiles, { signal, env, onProgress }: SuiteRun): Promise<Tally> {
  if (tests.files.length === 0) return { passed: 0, failures: [], skips: [] };
  let passed = 0;
  const failures: (Failure & { readonly file: string })[] = [];
  const skips: Skip[] = [];
  const notes: string[] = [];
  let longest: readonly PassedTest[] = [];
  const outputs = new Map<string, string>();

  const take = (report: TestReport): void => {
    switch (report.type) {
      case 'start':
        onProgress(report.name, { passed, failed: failures.length });
        break;
      case 'pass':
        if (report.isSuite) break;
        passed += 1;
        longest = [...longest, report]
          .sort((one, other) => other.durationMs - one.durationMs)
          .slice(0, LONGEST_TOLD)
          .map(({ name, durationMs }) => ({ name, durationMs }));
        break;
      case 'skip':
        skips.push({ name: report.name, reason: report.reason });
        break;
      case 'fail': {
        const place = path.relative(REPOSITORY, report.file);
        failures.push({ name: report.name, file: report.file, text: `${place}:${report.line}\n${report.error}` });
        break;
      }
      case 'note':
        notes.push(report.text);
        break;
      case 'output':
        outputs.set(report.file, ((outputs.get(report.file) ?? '') + report.text).slice(-OUTPUT_SHOWN));
        break;
      default:
        report satisfies never;
    }
  };

  const { NODE_TEST_CONTEXT: _, ...inherited } = env;
  const { platformPaths } = await import('@souk/local');
  const end = await runProgram({
    command: [
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      RUNNER,
      String(tests.concurrency),
      String(tests.testTimeoutMs),
      ...(tests.concurrency > 1 ? await largestFirst(tests.files) : tests.files),
    ],
    cwd: REPOSITORY,
    // Each file is a process that would otherwise make plain JavaScript of the same modules again.
    env: { NODE_COMPILE_CACHE: path.join(platformPaths(env).cache, 'compile-cache'), ...inherited },
    signal,
    deadlineMs: tests.deadlineMs,
    onLine: (line) => take(JSON.parse(line) as TestReport),
  });
  const all: Failure[] = failures.map(({ name, file, text }) => {
    const output = outputs.get(file);
    return {
      name,
      text: output === undefined ? text : `${text}\n— what ${path.basename(file)} wrote:\n${output.trimEnd()}`,
    };
  });
  if (signal.aborted) all.push({ name: 'the suite', text: 'was interrupted' });
  else if (end.hasTimedOut)
    all.push({ name: 'the suite', text: `was ended: it took longer than ${tests.deadlineMs / 1000} s` });
  else if (end.exitCode !== 0)
    all.push({ name: 'the suite', text: `its runner ended with ${end.exitCode}\n${end.output}` });
  return { passed, failures: all, skips, notes, longest };
}

/** A long file begun last would keep all others waiting; how much there is in it stands for how long it takes. */
async function largestFirst(files: readonly string[]): Promise<readonly string[]> {
  const sized = await Promise.all(files.map(async (file) => ({ file, bytes: (await stat(file)).size })));
  return sized.sort((one, other) => other.bytes - one.bytes).map(({ file }) => file);
}
