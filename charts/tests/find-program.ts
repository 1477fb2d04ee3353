// Finds the programs that chart tests run: where the environment says, else in the newest set that the platform built.
import { accessSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

type ProgramName = 'helm' | 'kubeconform' | 'kubectl';

export function cacheFolder(): string {
  const home = process.env.HOME ?? '/tmp';
  return process.env.SOUK_CACHE ?? (process.getuid?.() === 0 ? '/var/cache/souk' : path.join(home, '.cache/souk'));
}

/** Null when the program is nowhere; the caller then skips and says so. `HELM_PATH=…` and the like come first. */
export function findProgram(name: ProgramName): string | null {
  const given = process.env[`${name.toUpperCase()}_PATH`];
  if (given !== undefined) return given;
  const root = path.join(cacheFolder(), 'programs');
  const candidates = listFolder(root)
    .map((set) => path.join(root, set, name))
    .filter(isThere)
    .sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
  return candidates[0] ?? null;
}

export function whyMissing(name: ProgramName): string {
  return `${name} is not built yet; ./souk up builds it, or set ${name.toUpperCase()}_PATH`;
}

function listFolder(folder: string): string[] {
  return isThere(folder) ? readdirSync(folder) : [];
}

function isThere(file: string): boolean {
  try {
    accessSync(file);
    return true;
  } catch {
    return false;
  }
}
