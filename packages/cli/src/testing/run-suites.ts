// Runs suites in order, tells how they go, and always ends with a summary whose last line CI reads.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { CommandError, EXIT, endingOf } from '../exit-code.ts';
import { formatTable } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { formatDuration } from '../output/words.ts';
import type { Suite, SuiteReport } from './suite.ts';
import { startTestPlatform, type TestPlatform } from './test-platform.ts';

export interface SuitesRun {
  readonly suites: readonly Suite[];
  /** Goes on after a suite that failed. */
  readonly keepGoing: boolean;
  /** For all suites together; what is not reached by then counts as failed. Null for no limit. */
  readonly deadlineMs: number | null;
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** Whether everything that ran passed and everything ran. */
export async function runSuites(run: SuitesRun): Promise<boolean> {
  const { suites, keepGoing, deadlineMs, terminal, env } = run;
  const startedAt = performance.now();
  const late = new AbortController();
  const deadline = deadlineMs === null ? undefined : setTimeout(() => late.abort(), deadlineMs);
  const signal = AbortSignal.any([run.signal, late.signal]);
  const notReached = `not reached within ${formatDuration(deadlineMs ?? 0)}`;
  const skipped = (suite: Suite, whyNotRun: string): SuiteReport => {
    const isLate = late.signal.aborted && !run.signal.aborted;
    const why = isLate ? notReached : whyNotRun;
    const failures = isLate ? [{ name: suite.title, text: why }] : [];
    return { suite, passed: 0, failures, skips: [], durationMs: 0, whyNotRun: why };
  };
  const reports: SuiteReport[] = [];
  let platform: TestPlatform | null = null;
  let whyNoPlatform: string | null = null;
  for (const suite of suites) {
    const whyNot = whyNotNow(reports, keepGoing, signal) ?? (suite.needs === 'platform' ? whyNoPlatform : null);
    if (whyNot !== null) {
      reports.push(skipped(suite, whyNot));
      continue;
    }
    if (suite.needs === 'platform' && platform === null) {
      const bringUp: Suite = {
        name: 'up',
        title: 'a platform for the tests',
        needs: 'nothing',
        run: async (bringing) => {
          platform = await startTestPlatform(env, bringing.signal);
          return { passed: 1, failures: [], skips: [] };
        },
      };
      const report = await runSuite(bringUp, { terminal, env, signal });
      reports.push(report);
      if (platform === null) {
        whyNoPlatform = 'the platform for the tests did not come up';
        reports.push(skipped(suite, whyNoPlatform));
        continue;
      }
    }
    const withPlatform: TestPlatform | null = platform;
    reports.push(await runSuite(suite, { terminal, env: (withPlatform as TestPlatform | null)?.env ?? env, signal }));
  }
  clearTimeout(deadline);
  if (late.signal.aborted) terminal.print(`The run was ended: it took longer than ${formatDuration(deadlineMs ?? 0)}.`);
  const isGood = reports.every(({ failures, whyNotRun }) => failures.length === 0 && whyNotRun === null);
  await endPlatform(platform, !isGood, terminal);
  summarise(reports, performance.now() - startedAt, terminal);
  return isGood && !run.signal.aborted;
}

function whyNotNow(reports: readonly SuiteReport[], keepGoing: boolean, signal: AbortSignal): string | null {
  if (signal.aborted) return 'interrupted';
  const failed = reports.find(({ failures }) => failures.length > 0);
  return failed === undefined || keepGoing
    ? null
    : `"${failed.suite.title}" failed; --keep-going runs the rest all the same`;
}

async function endPlatform(platform: TestPlatform | null, keepLogs: boolean, terminal: Terminal): Promise<void> {
  if (platform === null) return;
  try {
    const tooLong = delay(STUCK_AFTER_MS, undefined, { ref: false }).then(() => {
      throw new CommandError(EXIT.failure, 'it did not stop in time', '"souk down --purge" with its SOUK_HOME');
    });
    const logs = await Promise.race([platform.end(keepLogs), tooLong]);
    if (logs !== null) terminal.print(`The logs of the platform that was tested: ${logs}`);
  } catch (error) {
    const { message, remedy } = endingOf(error);
    terminal.print(
      `The platform that was tested could not be removed: ${message}${remedy === null ? '' : `; ${remedy}`}`,
    );
  }
}

const HEARTBEAT_MS = 30_000;
const REDRAW_MS = 200;
// A platform that is being started is stopped first, pods and all.
const STUCK_AFTER_MS = 120_000;

type Surroundings = Pick<SuitesRun, 'terminal' | 'env' | 'signal'>;

async function runSuite(suite: Suite, { terminal, env, signal }: Surroundings): Promise<SuiteReport> {
  const startedAt = performance.now();
  const elapsed = (): string => formatDuration(performance.now() - startedAt);
  let current = '';
  let counts = { passed: 0, failed: 0 };
  const ended = new AbortController();
  const describe = (): string => {
    const failed = counts.failed === 0 ? '' : `, ${counts.failed} failed`;
    return `… ${suite.title} · ${elapsed()} · ${counts.passed} passed${failed}${current === '' ? '' : ` · ${current}`}`;
  };
  if (!terminal.isLive) terminal.note(`… ${suite.title}`);
  const telling = tellRegularly(terminal, describe, ended.signal);
  let report: SuiteReport;
  try {
    const onProgress = (what: string, tally: { passed: number; failed: number }): void => {
      current = what;
      counts = tally;
    };
    const tally = await Promise.race([suite.run({ signal, env, onProgress }), stuckAfterAbort(signal, ended.signal)]);
    report = { suite, ...tally, durationMs: performance.now() - startedAt, whyNotRun: null };
  } catch (error) {
    const { message, remedy } = endingOf(error);
    const text = remedy === null ? message : `${message}\nwhat to do: ${remedy}`;
    const failures = [{ name: suite.title, text }];
    report = { suite, passed: 0, failures, skips: [], durationMs: performance.now() - startedAt, whyNotRun: null };
  } finally {
    ended.abort();
    await telling;
    terminal.setLiveLine('');
  }
  printEnd(report, terminal);
  return report;
}

/** Rejects when a suite goes on long after it was told to end. */
async function stuckAfterAbort(signal: AbortSignal, ended: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort', { signal: ended });
  await delay(STUCK_AFTER_MS, undefined, { signal: ended, ref: false });
  throw new CommandError(EXIT.failure, 'was told to end and did not', 'see what it still runs, and end that by hand');
}

async function tellRegularly(terminal: Terminal, describe: () => string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (terminal.isLive) terminal.setLiveLine(describe());
    await delay(terminal.isLive ? REDRAW_MS : HEARTBEAT_MS, undefined, { signal }).catch(() => undefined);
    if (!terminal.isLive && !signal.aborted) terminal.note(describe());
  }
}

function printEnd({ suite, passed, failures, skips, notes = [], durationMs }: SuiteReport, terminal: Terminal): void {
  const mark = failures.length === 0 ? terminal.paint('green', '✓') : terminal.paint('red', '✗');
  const failed = failures.length === 0 ? '' : `, ${failures.length} failed`;
  const skipped = skips.length === 0 ? '' : `, ${skips.length} skipped`;
  terminal.print(`${mark} ${suite.title} · ${formatDuration(durationMs)} · ${passed} passed${failed}${skipped}`);
  for (const line of notes.flatMap((note) => ['', ...note.split('\n')])) terminal.print(`  ${line}`.trimEnd());
  if (notes.length > 0) terminal.print();
  for (const { name, text } of failures) {
    terminal.print();
    terminal.print(`  ${terminal.paint('red', `✗ ${name}`)}`);
    for (const line of text.split('\n')) terminal.print(`    ${line}`);
  }
  if (failures.length > 0) terminal.print();
}

function summarise(reports: readonly SuiteReport[], durationMs: number, terminal: Terminal): void {
  terminal.print();
  const rows = reports.map(({ suite, passed, failures, skips, durationMs: tookMs, whyNotRun }) =>
    whyNotRun === null
      ? [
          suite.title,
          String(passed),
          failedCell(failures.length, terminal),
          String(skips.length),
          formatDuration(tookMs),
        ]
      : [suite.title, '–', '–', '–', terminal.paint('yellow', `not run: ${whyNotRun}`)],
  );
  const header = ['SUITE', 'PASSED', 'FAILED', 'SKIPPED', 'TIME'];
  for (const line of formatTable(header, rows)) terminal.print(line);
  const skips = reports.flatMap((report) => report.skips);
  const byReason = Map.groupBy(skips, ({ reason }) => reason);
  if (byReason.size > 0) terminal.print();
  for (const [reason, those] of byReason) {
    terminal.print(`${those.length} skipped: ${reason}: ${those.map(({ name }) => name).join('; ')}`);
  }
  const sum = (count: (report: SuiteReport) => number): number =>
    reports.reduce((total, report) => total + count(report), 0);
  terminal.print();
  terminal.print(`after ${formatDuration(durationMs)}:`);
  terminal.print(
    `${sum((report) => report.passed)} passed, ${sum((report) => report.failures.length)} failed, ${skips.length} skipped`,
  );
}

function failedCell(count: number, terminal: Terminal): string {
  return count === 0 ? '0' : terminal.paint('red', String(count));
}
