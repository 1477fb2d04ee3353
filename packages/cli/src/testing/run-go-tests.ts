// The tests of the node's own Go programs, counted from `go test -json`.
import { inRepository } from './repository.ts';
import { runProgram } from './run-program.ts';
import type { Failure, Skip, SuiteRun, Tally } from './suite.ts';

const FOLDER = inRepository('packages', 'local', 'go');
// Compiling what the tests use takes minutes where nothing was built before.
const DEADLINE_MS = 20 * 60_000;

interface GoEvent {
  readonly Action: string;
  readonly Package?: string;
  readonly Test?: string;
  readonly Output?: string;
}

export async function runGoTests({ signal, env, onProgress }: SuiteRun): Promise<Tally> {
  const start = { cwd: FOLDER, env: { ...env, GOFLAGS: '' }, signal, deadlineMs: DEADLINE_MS };
  const format = '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}';
  const packages: string[] = [];
  // Standard output alone: on a machine without modules, Go tells on standard error what it downloads.
  const onLine = (line: string): void => {
    if (line !== '') packages.push(line);
  };
  const listed = await runProgram({ ...start, command: ['go', 'list', '-f', format, './...'], onLine });
  if (listed.exitCode !== 0) throw new Error(`the Go packages cannot be listed:\n${listed.output}`);

  let passed = 0;
  const failures: Failure[] = [];
  const skips: Skip[] = [];
  const outputs = new Map<string, string>();
  const take = ({ Action: action, Package: folder = '', Test: test, Output: output }: GoEvent): void => {
    const name = `${folder.split('/').at(-1)} › ${test ?? 'package'}`;
    if (action === 'output') outputs.set(name, (outputs.get(name) ?? '') + (output ?? ''));
    if (action === 'run') onProgress(name, { passed, failed: failures.length });
    if (action === 'fail') failures.push({ name, text: outputs.get(name) ?? 'no reason was given' });
    // A package as a whole passes and skips as well; only tests count.
    if (test === undefined) return;
    if (action === 'pass') passed += 1;
    if (action === 'skip') skips.push({ name, reason: reasonIn(outputs.get(name) ?? '') });
  };
  const end = await runProgram({
    ...start,
    command: ['go', 'test', '-json', ...packages],
    onLine: (line) => {
      if (line.startsWith('{')) take(JSON.parse(line) as GoEvent);
    },
  });
  if (end.hasTimedOut) failures.push({ name: 'go test', text: `took longer than ${DEADLINE_MS / 60_000} minutes` });
  else if (end.exitCode !== 0 && failures.length === 0) failures.push({ name: 'go test', text: end.output });
  return { passed, failures, skips };
}

/** "    routes_test.go:12: haproxy is not installed" → "haproxy is not installed". */
function reasonIn(output: string): string {
  return /_test\.go:\d+: (.+)/.exec(output)?.[1] ?? 'no reason was given';
}
