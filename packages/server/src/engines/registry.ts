// The engines of this installation: every folder here that holds an `engine.ts`, and those of further folders named by
// configuration. An engine whose images are missing is kept, marked unavailable with the reason; nothing pretends.
import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Engine } from './engine.ts';

export interface LoadedEngine {
  readonly engine: Engine;
  readonly available: boolean;
  /** Why it is not available; null when it is. */
  readonly reason: string | null;
}

export interface EngineSources {
  /** Folders beyond the built-in ones, each holding an `engine.ts` that exports `engine`. */
  readonly extraFolders: readonly string[];
  /** Image name → reference, as the image tool wrote it. */
  readonly images: Readonly<Record<string, string>>;
  /** Image name → why it could not be built, with what to do about it. */
  readonly missingImages?: Readonly<Record<string, string>>;
}

/** Read once at start. A configured folder that holds no engine, or a name taken twice, is a mistake to stop at. */
export async function loadEngines(sources: EngineSources): Promise<ReadonlyMap<string, LoadedEngine>> {
  const folders = [...(await builtInFolders()), ...sources.extraFolders];
  const loaded = new Map<string, LoadedEngine>();
  for (const engine of await Promise.all(folders.map(loadEngineFolder))) {
    if (loaded.has(engine.name)) {
      throw new Error(`two engines are called "${engine.name}"; remove one of them from ENGINE_FOLDERS`);
    }
    const reason = whyUnavailable(engine, sources);
    loaded.set(engine.name, { engine, available: reason === null, reason });
  }
  return loaded;
}

/** Absolute paths in the order of their names, which is the order in which people see the engines. */
async function builtInFolders(): Promise<readonly string[]> {
  const entries = await readdir(import.meta.dirname, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return names.sort().map((name) => resolve(import.meta.dirname, name));
}

function whyUnavailable(engine: Engine, { images, missingImages = {} }: EngineSources): string | null {
  const missing = engine.images.filter((name) => images[name] === undefined);
  if (missing.length === 0) {
    return null;
  }
  // Images that stand on one that cannot be built share its reason.
  const reasons = new Set(missing.flatMap((name) => missingImages[name] ?? []));
  if (reasons.size > 0) {
    return [...reasons].join('; ');
  }
  return `${missing.length === 1 ? 'its image is' : 'its images are'} not built: ${missing.join(', ')}`;
}

async function loadEngineFolder(folder: string): Promise<Engine> {
  const path = resolve(folder, 'engine.ts');
  let found: unknown;
  try {
    found = await import(pathToFileURL(path).href);
  } catch (cause) {
    throw new Error(`no engine could be loaded from ${path}`, { cause });
  }
  if (!exportsEngine(found)) {
    throw new Error(`${path} does not export an "engine"`);
  }
  return found.engine;
}

// The rest of the shape is the compiler's business: an engine is written in TypeScript against `Engine`.
function exportsEngine(found: unknown): found is { engine: Engine } {
  const engine = (found as { engine?: Partial<Engine> } | null)?.engine;
  return typeof engine?.name === 'string' && typeof engine.chartPath === 'string' && Array.isArray(engine.images);
}
