// Runs suites in three lanes side by side: on a platform that lasts; on another one that is there to be broken; and what needs none.
// Tells how they go, and always ends with a summary whose last line CI reads.
import { setTimeout as delay } from 'node:timers/promises';
import { CommandError, EXIT, endingOf } from '../exit-code.ts';
import { formatTable } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { formatDuration } from '../output/words.ts';
import { ProgressBoard } from './progress-board.ts';
import { runSuite, STUCK_AFTER_MS } from './run-suite.ts';
import type { Suite, SuiteReport } from './suite.ts';
import { startTestPlatform, type TestPlatform } from './test-platform.ts';

const LONGEST_SHOWN = 12;

export interface SuitesRun {
  readonly suites: readonly Suite[];
  /** Goes on after a suite that failed. */
  readonly keepGoing: boolean;
  /** For all suites together; what is not reached by then counts as failed. Null for no limit. */
  readonly deadlineMs: number | null;
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Starts the platforms; a test of this has none to start. */
  readonly startPlatform?: typeof startTestPlatform;
}

/** Whether everything that ran passed and everything ran. */
export async function runSuites(run: SuitesRun): Promise<boolean> {
  const { suites, keepGoing, deadlineMs, terminal, env } = run;
  const startedAt = performance.now();
  const late = new AbortController();
  const deadline = deadlineMs === null ? undefined : setTimeout(() => late.abort(), deadlineMs);
  const signal = AbortSignal.any([run.signal, late.signal]);
  const notReached = `not reached within ${formatDuration(deadlineMs ?? 0)}`;
  const board = new ProgressBoard(terminal);
  const reports = new Map<Suite, SuiteReport>();
  const start = run.startPlatform ?? startTestPlatform;
  const lasting = platformOfTests('up', 'a platform for the tests', (ended) => start(env, 'test', ended));
  const broken = platformOfTests('up-again', 'a platform to be broken', (ended) => start(env, 'test-2', ended));
  const platformOf = { nothing: null, programs: lasting, platform: lasting, 'platform to break': broken } as const;

  const runOne = async (suite: Suite): Promise<void> => {
    const platform = platformOf[suite.needs];
    const up = (await platform?.decided) ?? null;
    const whyNoPlatform = platform !== null && up === null ? `${platform.bringUp.title} did not come up` : null;
    const whyNot = whyNotNow([...reports.values()], keepGoing, signal) ?? whyNoPlatform;
    if (whyNot !== null) {
      const isLate = late.signal.aborted && !run.signal.aborted;
      const whyNotRun = isLate ? notReached : whyNot;
      const failures = isLate ? [{ name: suite.title, text: whyNotRun }] : [];
      reports.set(suite, { suite, passed: 0, failures, skips: [], durationMs: 0, whyNotRun });
      return;
    }
    reports.set(suite, await runSuite(suite, { terminal, board, env: up?.env ?? env, signal }));
  };
  const needing = (...needs: Suite['needs'][]): Suite[] => suites.filter((suite) => needs.includes(suite.needs));
  const bringUp = async (platform: PlatformOfTests, ...needs: Suite['needs'][]): Promise<void> => {
    if (needing(...needs).length > 0) await runOne(platform.bringUp);
    platform.decide();
  };
  const onLastingPlatform = async (): Promise<void> => {
    await bringUp(lasting, 'programs', 'platform');
    for (const suite of needing('platform')) await runOne(suite);
  };
  const onPlatformToBreak = async (): Promise<void> => {
    // What a bare machine lacks is built once, for the first of them.
    await lasting.decided;
    await bringUp(broken, 'platform to break');
    for (const suite of needing('platform to break')) await runOne(suite);
  };
  const onNone = async (): Promise<void> => {
    for (const suite of needing('nothing', 'programs')) await runOne(suite);
  };
  await Promise.all([onLastingPlatform(), onPlatformToBreak(), onNone()]);
  clearTimeout(deadline);
  await board.end();
  if (late.signal.aborted) terminal.print(`The run was ended: it took longer than ${formatDuration(deadlineMs ?? 0)}.`);
  const inOrder = (): SuiteReport[] =>
    [lasting.bringUp, broken.bringUp, ...suites].flatMap((suite) => reports.get(suite) ?? []);
  const isGood = (): boolean =>
    inOrder().every(({ failures, whyNotRun }) => failures.length === 0 && whyNotRun === null);
  const keepLogs = !isGood();
  for (const { bringUp: suite, decided } of [lasting, broken]) {
    const failure = await endPlatform(await decided, keepLogs, terminal);
    const report = reports.get(suite);
    if (failure === null || report === undefined) continue;
    reports.set(suite, { ...report, failures: [...report.failures, { name: 'removing it', text: failure }] });
  }
  summarise(inOrder(), performance.now() - startedAt, terminal);
  return isGood() && !run.signal.aborted;
}

interface PlatformOfTests {
  /** Starts it, told and counted as a suite of its own. */
  readonly bringUp: Suite;
  /** What came up, once `decide` was called; null for nothing. */
  readonly decided: Promise<TestPlatform | null>;
  readonly decide: () => void;
}

function platformOfTests(
  name: string,
  title: string,
  start: (signal: AbortSignal) => Promise<TestPlatform>,
): PlatformOfTests {
  const decided = Promise.withResolvers<TestPlatform | null>();
  let platform: TestPlatform | null = null;
  const bringUp: Suite = {
    name,
    title,
    needs: 'nothing',
    run: async ({ signal }) => {
      platform = await start(signal);
      return { passed: 1, failures: [], skips: [] };
    },
  };
  return { bringUp, decided: decided.promise, decide: () => decided.resolve(platform) };
}

function whyNotNow(reports: readonly SuiteReport[], keepGoing: boolean, signal: AbortSignal): string | null {
  if (signal.aborted) return 'interrupted';
  const failed = reports.find(({ failures }) => failures.length > 0);
  return failed === undefined || keepGoing
    ? null
    : `"${failed.suite.title}" failed; --keep-going runs the rest all the same`;
}

/** Why it could not be removed: a platform that leaves something behind has not passed. Null when it is gone. */
async function endPlatform(
  platform: TestPlatform | null,
  keepLogs: boolean,
  terminal: Terminal,
): Promise<string | null> {
  if (platform === null) return null;
  try {
    const tooLong = delay(STUCK_AFTER_MS, undefined, { ref: false }).then(() => {
      throw new CommandError(EXIT.failure, 'it did not stop in time', '"souk down --purge" with its SOUK_HOME');
    });
    const logs = await Promise.race([platform.end(keepLogs), tooLong]);
    if (logs !== null) terminal.print(`The logs of the platform that was tested: ${logs}`);
    return null;
  } catch (error) {
    const { message, remedy } = endingOf(error);
    const failure = `The platform that was tested could not be removed: ${message}; ${remedy}`;
    terminal.print(terminal.paint('red', failure));
    return failure;
  }
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
  const longest = reports.flatMap(({ suite, longest: those = [] }) => those.map((one) => ({ ...one, suite })));
  longest.sort((one, other) => other.durationMs - one.durationMs);
  if (longest.length > 0) terminal.print('\nThe longest tests:');
  for (const { name, durationMs: tookMs, suite } of longest.slice(0, LONGEST_SHOWN)) {
    terminal.print(`${formatDuration(tookMs).padStart(10)}  ${suite.name}: ${name}`);
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
