// Calls of the cluster as one of its identities, by kubectl and that identity's own kubeconfig, and what the cluster made of them in
// the few words of the tables.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { Platform } from '../platform.ts';

export interface Ending {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runProgram(command: readonly string[], input = ''): Promise<Ending> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  // A program that ends before it has read everything says so by its exit code.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: typeof code === 'number' ? code : 1, stdout, stderr };
}

export type Identity = 'admin' | 'worker' | 'api';

export function kubectlAs(platform: Platform, identity: Identity): string[] {
  const file = identity === 'admin' ? platform.facts.kubeconfig : path.join(platform.home, `${identity}.kubeconfig`);
  return [path.join(platform.facts.programsDir, 'kubectl'), '--kubeconfig', file, '--request-timeout=20s'];
}

/** Runs kubectl; an object given is its standard input, to be named by `-f -`. */
export async function callAs(
  platform: Platform,
  identity: Identity,
  args: readonly string[],
  object?: object,
): Promise<Ending> {
  return await runProgram(
    [...kubectlAs(platform, identity), ...args],
    object === undefined ? '' : JSON.stringify(object),
  );
}

// The first that fits names who refused; a cluster words each of them in its own way.
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/ValidatingAdmissionPolicy 'souk-worker'/, 'refused: admission policy'],
  [/violates PodSecurity "restricted/, 'refused: Pod Security'],
  [/exceeded quota/, 'refused: quota'],
  [/maximum (cpu|memory) usage per Container/, 'refused: limit of a container'],
  [/this namespace may not be deleted/, 'refused: no right'],
  [/attempting to grant RBAC permissions not currently held/, 'refused: no right'],
  [
    /cannot (get|list|watch|create|update|patch|delete|deletecollection|impersonate|bind|escalate)\b/,
    'refused: no right',
  ],
];

export function outcomeOf({ code, stdout, stderr }: Ending): string {
  if (code === 0) return 'allowed';
  const said = `${stdout}\n${stderr}`.trim();
  return REFUSALS.find(([pattern]) => pattern.test(said))?.[1] ?? `failed otherwise: ${said.slice(0, 300)}`;
}
