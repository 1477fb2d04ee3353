// Runs one of the platform's own programs against its cluster.

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';
import { PlatformError } from './platform-error.ts';
import { readPlatformFacts } from './platform-facts.ts';
import { type PlatformPaths, platformPaths } from './platform-paths.ts';

/** Gives the program's exit code, as a shell would: 128 and the signal's number when one ended it. */
export async function runProgram(
  name: 'kubectl' | 'helm',
  args: readonly string[],
  paths: PlatformPaths = platformPaths(),
): Promise<number> {
  const facts = await readPlatformFacts(paths);
  if (facts === null) throw new PlatformError(`no platform was started in ${paths.home}`, { remedy: './souk up' });
  const environment = {
    ...process.env,
    KUBECONFIG: facts.kubeconfig,
    PATH: `${facts.programsDir}:${process.env.PATH ?? ''}`,
  };
  return await new Promise((resolve, reject) => {
    const child = spawn(path.join(facts.programsDir, name), args, { stdio: 'inherit', env: environment });
    // The program gets the terminal's Ctrl-C itself; we stay to pass its answer on.
    const ignore = (): void => undefined;
    process.on('SIGINT', ignore);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      process.off('SIGINT', ignore);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
