// Schemathesis against the API without workers: requests made from the OpenAPI document, valid and not, and sequences of them, as two
// tenants. No answer may be a 5xx or differ from its schema. It comes from PyPI; where that cannot be reached the suite is skipped.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inRepository } from './repository.ts';
import { runProgram } from './run-program.ts';
import type { Failure, SuiteRun, Tally } from './suite.ts';

const VERSION = '4.32.5';
const MINUTE_MS = 60_000;
// What is compared with the document; what it says about wrong input (only "refused or failed") is not.
const CHECKS = 'not_a_server_error,content_type_conformance,response_schema_conformance,status_code_conformance';

export async function runSchemathesis(run: SuiteRun): Promise<Tally> {
  const program = await ensureSchemathesis(run);
  if (program.path === null) {
    return { passed: 0, failures: [], skips: [{ name: 'schemathesis', reason: program.reason }] };
  }
  // It keeps what it found beside it and begins with that the next time, so that no two runs would be alike.
  const folder = await mkdtemp(join(tmpdir(), 'souk-schemathesis-'));
  const server = spawn(process.execPath, [inRepository('packages', 'server', 'src', 'http', 'test-server.ts')], {
    env: run.env,
  });
  try {
    const { url, tokens } = await readStart(server);
    const failures: Failure[] = [];
    let passed = 0;
    for (const [index, token] of tokens.entries()) {
      const name = `schemathesis as tenant ${index + 1}`;
      run.onProgress(name, { passed, failed: failures.length });
      const end = await runProgram({
        command: [
          ...([program.path, 'run', `${url}/openapi.json`] as const),
          ...['--header', `Authorization: Bearer ${token}`, '--checks', CHECKS],
          // Streams that do not end; and what would end the credential that everything else is asked with.
          ...['--exclude-path', '/api/v1/events', '--exclude-path', '/api/v1/stores/{id}/logs'],
          ...['--phases', 'examples,coverage,fuzzing,stateful', '--max-examples', '20', '--seed', '1', '--no-color'],
        ],
        cwd: folder,
        env: run.env,
        signal: run.signal,
        deadlineMs: 10 * MINUTE_MS,
      });
      if (end.exitCode === 0) passed += 1;
      else failures.push({ name, text: end.output.slice(-20_000) });
    }
    return { passed, failures, skips: [] };
  } finally {
    server.stdin.end();
    await once(server, 'close');
    await rm(folder, { recursive: true, force: true });
  }
}

type Program = { readonly path: string; readonly reason: '' } | { readonly path: null; readonly reason: string };

/** In a virtual environment of its own below the cache. */
async function ensureSchemathesis({ env, signal, onProgress }: SuiteRun): Promise<Program> {
  const { platformPaths } = await import('@souk/local');
  const folder = join(platformPaths(env).cache, 'schemathesis', VERSION);
  const path = join(folder, 'bin', 'schemathesis');
  if (await exists(path)) return { path, reason: '' };
  onProgress('getting schemathesis', { passed: 0, failed: 0 });
  const start = { cwd: '/', env, signal, deadlineMs: 5 * MINUTE_MS };
  const made = await runProgram({ ...start, command: ['python3', '-m', 'venv', folder] }).catch(() => null);
  if (made?.exitCode !== 0) return { path: null, reason: 'python3 with venv is missing' };
  const pip = [join(folder, 'bin', 'pip'), 'install', '--quiet', `schemathesis==${VERSION}`] as const;
  const installed = await runProgram({ ...start, command: pip });
  if (installed.exitCode === 0 && (await exists(path))) return { path, reason: '' };
  // A half-made environment would be taken for a whole one the next time.
  await rm(folder, { recursive: true, force: true });
  return { path: null, reason: `PyPI did not give it: ${installed.output.trim().split('\n').at(-1) ?? 'no reason'}` };
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

async function readStart(server: ChildProcessWithoutNullStreams): Promise<{ url: string; tokens: string[] }> {
  let errors = '';
  server.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  for await (const line of createInterface({ input: server.stdout })) {
    return JSON.parse(line) as { url: string; tokens: string[] };
  }
  throw new Error(`the API did not start: ${errors}`);
}
