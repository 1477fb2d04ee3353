// Runs one suite to an end, whatever it does, and tells how it went.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { CommandError, EXIT, endingOf } from '../exit-code.ts';
import type { Terminal } from '../output/terminal.ts';
import { formatDuration } from '../output/words.ts';
import type { ProgressBoard } from './progress-board.ts';
import type { Suite, SuiteReport } from './suite.ts';

// A platform that is being started is stopped first, pods and all.
export const STUCK_AFTER_MS = 120_000;

export interface Surroundings {
  readonly terminal: Terminal;
  readonly board: ProgressBoard;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** Never throws: what the suite throws is its failure. */
export async function runSuite(suite: Suite, { terminal, board, env, signal }: Surroundings): Promise<SuiteReport> {
  const startedAt = performance.now();
  let current = '';
  let counts = { passed: 0, failed: 0 };
  const ended = new AbortController();
  if (!terminal.isLive) terminal.note(`… ${suite.title}`);
  const leaveBoard = board.add(() => {
    const failed = counts.failed === 0 ? '' : `, ${counts.failed} failed`;
    const elapsed = formatDuration(performance.now() - startedAt);
    return `${suite.title} · ${elapsed} · ${counts.passed} passed${failed}${current === '' ? '' : ` · ${current}`}`;
  });
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
    const text = `${message}\nwhat to do: ${remedy}`;
    const failures = [{ name: suite.title, text }];
    report = { suite, passed: 0, failures, skips: [], durationMs: performance.now() - startedAt, whyNotRun: null };
  } finally {
    ended.abort();
    leaveBoard();
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
