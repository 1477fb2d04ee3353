// Runs test files by node:test, each in a process of its own, and reports every test as one line of JSON on standard output.
// A program of its own: what it starts ends with it, and the environment of the tests is its environment.
import { run } from 'node:test';
import { inspect } from 'node:util';
import type { TestReport } from './test-report.ts';

interface TestEventData {
  readonly name: string;
  readonly file?: string;
  readonly line?: number;
  readonly skip?: boolean | string;
  readonly todo?: boolean | string;
  readonly message?: string;
  readonly details?: {
    readonly type?: string;
    readonly duration_ms?: number;
    readonly error?: Error & { readonly failureType?: string };
  };
}

const [concurrency = '1', timeoutMs = '60000', ...files] = process.argv.slice(2);
const ancestors: string[] = [];

for await (const event of run({ files, concurrency: Number(concurrency), timeout: Number(timeoutMs) })) {
  const report = toReport(event.type, event.data as TestEventData & { readonly nesting?: number });
  if (report !== null) process.stdout.write(`${JSON.stringify(report)}\n`);
}

function toReport(type: string, data: TestEventData & { readonly nesting?: number }): TestReport | null {
  const { name, file = '', line = 0, details } = data;
  switch (type) {
    case 'test:start':
      ancestors.length = data.nesting ?? 0;
      ancestors.push(name);
      return { type: 'start', name: fullName(data), file };
    case 'test:pass': {
      const skipped = data.skip ?? data.todo;
      if (skipped !== undefined && skipped !== false) {
        return {
          type: 'skip',
          name: fullName(data),
          reason: typeof skipped === 'string' ? skipped : 'no reason was given',
        };
      }
      return {
        type: 'pass',
        name: fullName(data),
        isSuite: details?.type === 'suite',
        durationMs: details?.duration_ms ?? 0,
      };
    }
    case 'test:fail':
      // What failed below it has been reported by itself.
      if (details?.error?.failureType === 'subtestsFailed') return null;
      return { type: 'fail', name: fullName(data), file, line, error: describe(details?.error) };
    case 'test:diagnostic':
      // On the outermost level the runner itself counts what it ran.
      return (data.nesting ?? 0) === 0 ? null : { type: 'note', text: data.message ?? '' };
    case 'test:stderr':
    case 'test:stdout':
      return { type: 'output', file, text: data.message ?? '' };
    default:
      return null;
  }
}

function fullName({ name, nesting = 0 }: TestEventData & { readonly nesting?: number }): string {
  return [...ancestors.slice(0, nesting), name].join(' › ');
}

function describe(error: Error | undefined): string {
  const cause = error?.cause ?? error;
  if (cause === undefined) return 'no reason was given';
  return typeof cause === 'string' ? cause : inspect(cause, { depth: 6 });
}
