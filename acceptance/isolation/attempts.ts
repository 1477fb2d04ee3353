// Break-ins that are tried, what must come of each, and what did. Each attempt is a test; together they are a table, which the run
// prints and docs/operations/isolation.md keeps. The page is compared and never written by a test; WRITE_ISOLATION_PAGE=1 writes it.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';

export interface Attempt {
  readonly what: string;
  /** In the words of the table, e.g. `refused: no right`. */
  readonly expected: string;
  /** Tries it and answers in the same words. */
  readonly tryIt: () => Promise<string>;
}

const PAGE = fileURLToPath(new URL('../../docs/operations/isolation.md', import.meta.url));

/** Declares a test for each attempt and one for the table. `section` is the mark in the page; `moment` says when, where it is tried again. */
export function tryAll(section: string, attempts: readonly Attempt[], moment = ''): void {
  const seen = new Map<string, string>();
  for (const { what, expected, tryIt } of attempts) {
    it(`${what}: ${expected}${moment}`, async () => {
      const outcome = await tryIt();
      seen.set(what, outcome);
      assert.equal(outcome, expected);
    });
  }
  it(`docs/operations/isolation.md says what was seen: ${section}${moment}`, (context) => {
    const rows = attempts.map(({ what, expected }) => [what, expected, seen.get(what) ?? 'not tried'] as const);
    context.diagnostic(tell(rows, moment));
    const table = toTable(['attempt', 'expected', 'seen'], rows);
    const page = readFileSync(PAGE, 'utf8');
    const wanted = replaceSection(page, section, table);
    if (process.env.WRITE_ISOLATION_PAGE === '1') {
      writeFileSync(PAGE, wanted);
    } else {
      assert.equal(page, wanted, 'WRITE_ISOLATION_PAGE=1 with this suite writes the page anew');
    }
  });
}

/** The whole table at first; later only that it is the same, or where it is not. */
function tell(rows: readonly (readonly [string, string, string])[], moment: string): string {
  const shown = moment === '' ? rows : rows.filter(([, expected, seen]) => seen !== expected);
  if (shown.length === 0) return `the same ${rows.length} attempts${moment}: each as expected`;
  const all = [['attempt', 'expected', 'seen'] as const, ...shown].map((row) =>
    row.map((cell) => cell.replaceAll('`', '')),
  );
  const widths = [0, 1].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const lines = all.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return [...lines, `${rows.length} attempts${moment}`].join('\n');
}

function toTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

function replaceSection(page: string, section: string, text: string): string {
  const begin = `<!-- ${section}: begin -->`;
  const end = `<!-- ${section}: end -->`;
  const [before, rest = ''] = page.split(begin);
  const behind = rest.split(end)[1];
  assert.ok(before !== undefined && behind !== undefined, `${PAGE} lacks the marks ${begin} and ${end}`);
  return `${before}${begin}\n${text}\n${end}${behind}`;
}
