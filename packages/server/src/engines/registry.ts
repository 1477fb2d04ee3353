// The engines of this installation: those that Souk ships, in a list that a person can read, and those of further folders named
// by configuration. An engine whose images are missing is kept, marked unavailable with the reason; nothing pretends.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Engine } from './engine.ts';
import { engine as medusa } from './medusa/engine.ts';

const BUILT_IN_ENGINES: readonly Engine[] = [medusa];

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
}

/** Read once at start. A configured folder that holds no engine, or a name taken twice, is a mistake to stop at. */
export async function loadEngines(sources: EngineSources): Promise<ReadonlyMap<string, LoadedEngine>> {
  const engines = [...BUILT_IN_ENGINES, ...(await Promise.all(sources.extraFolders.map(loadEngineFolder)))];
  const loaded = new Map<string, LoadedEngine>();
  for (const engine of engines) {
    if (loaded.has(engine.name)) {
      throw new Error(`two engines are called "${engine.name}"; remove one of them from ENGINE_FOLDERS`);
    }
    const reason = whyUnavailable(engine, sources.images);
    loaded.set(engine.name, { engine, available: reason === null, reason });
  }
  return loaded;
}

function whyUnavailable(engine: Engine, images: EngineSources['images']): string | null {
  const missing = engine.images.filter((name) => images[name] === undefined);
  if (missing.length === 0) {
    return null;
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
