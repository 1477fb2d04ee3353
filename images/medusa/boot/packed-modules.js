// Loads Medusa's CommonJS modules from one file, made by record-modules.js when the image is built. Medusa is 6,000 small
// files: finding, reading and compiling them is most of its start. The pack holds for each module its source and V8's compiled
// code, and for each require() what it resolved to. It is only a cache: whatever is not in it, or was compiled by another Node
// or with other flags, loads as always.
import { readFileSync } from 'node:fs';
import Module from 'node:module';
import { dirname } from 'node:path';
import vm from 'node:vm';

/** Layout of a pack: the length of its index in 32 bits, the index as JSON, then each module's source and compiled code. */
export const INDEX_LENGTH_BYTES = 4;

export function compileModule(filename, source, cachedData) {
  return new vm.Script(Module.wrap(source), {
    filename,
    cachedData,
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
}

/** Runs a compiled module as Node does, with a `require` of its own. */
export function runModule(script, module, filename) {
  const require = (request) => module.require(request);
  require.resolve = (request, options) => Module._resolveFilename(request, module, false, options);
  require.resolve.paths = (request) => Module._resolveLookupPaths(request, module);
  require.main = process.mainModule;
  require.extensions = Module._extensions;
  require.cache = Module._cache;
  script.runInThisContext().call(module.exports, module.exports, require, module, filename, dirname(filename));
}

/** From now on require() looks into the pack first. Returns a function that lets go of the pack once everything is loaded. */
export function usePack(path) {
  let { index, body } = readPack(path);
  const places = locateModules(index);
  const resolutions = new Map(index.resolutions.map(([directory, requests]) => [directory, new Map(requests)]));

  const resolveFilename = Module._resolveFilename;
  Module._resolveFilename = (request, parent, isMain, options) => {
    const target = parent?.filename && !options ? resolutions.get(dirname(parent.filename))?.get(request) : undefined;
    return target === undefined ? resolveFilename(request, parent, isMain, options) : index.targets[target];
  };

  const loadScript = Module._extensions['.js'];
  Module._extensions['.js'] = (module, filename) => {
    const place = places.get(filename);
    if (place === undefined) return loadScript(module, filename);
    const { isAscii, sourceStart, codeStart, end } = place;
    const source = body.toString(isAscii ? 'latin1' : 'utf8', sourceStart, codeStart);
    runModule(compileModule(filename, source, body.subarray(codeStart, end)), module, filename);
  };

  return () => {
    Module._resolveFilename = resolveFilename;
    Module._extensions['.js'] = loadScript;
    index = undefined;
    body = undefined;
  };
}

function readPack(path) {
  const bytes = readFileSync(path);
  const bodyStart = INDEX_LENGTH_BYTES + bytes.readUInt32LE(0);
  const index = JSON.parse(bytes.toString('utf8', INDEX_LENGTH_BYTES, bodyStart));
  return { index, body: bytes.subarray(bodyStart) };
}

function locateModules({ modules }) {
  const places = new Map();
  let offset = 0;
  for (const [filename, isAscii, sourceBytes, codeBytes] of modules) {
    const codeStart = offset + sourceBytes;
    places.set(filename, { isAscii, sourceStart: offset, codeStart, end: codeStart + codeBytes });
    offset = codeStart + codeBytes;
  }
  return places;
}
