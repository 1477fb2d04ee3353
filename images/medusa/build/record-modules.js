// Makes the pack that boot/packed-modules.js reads. Preloaded into a backend of its own while the image is built
// (`node --import ./build/record-modules.js server.js`), it notes what is loaded and how it was found; at SIGUSR2 it writes
// the pack to the path in PACK_FILE. The compiled code then also covers every function that was called until then.
import { isAscii } from 'node:buffer';
import { renameSync, writeFileSync } from 'node:fs';
import Module from 'node:module';
import { dirname, isAbsolute } from 'node:path';
import v8 from 'node:v8';
import { compileModule, INDEX_LENGTH_BYTES, runModule } from '../boot/packed-modules.js';

const scripts = new Map();
const targets = new Map();
const resolutions = new Map();

// Compiled code that was not called for a while would be thrown away, and so be missing from the pack.
v8.setFlagsFromString('--no-flush-bytecode');

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = (request, parent, isMain, options) => {
  const target = resolveFilename(request, parent, isMain, options);
  if (parent?.filename && !options && isAbsolute(target)) noteResolution(dirname(parent.filename), request, target);
  return target;
};

function noteResolution(directory, request, target) {
  if (!targets.has(target)) targets.set(target, targets.size);
  if (!resolutions.has(directory)) resolutions.set(directory, new Map());
  resolutions.get(directory).set(request, targets.get(target));
}

const compile = Module.prototype._compile;
Module.prototype._compile = function (source, filename, format) {
  const script = format === 'module' ? null : tryToCompile(filename, source);
  if (script === null) return compile.call(this, source, filename, format);
  scripts.set(filename, { source, script });
  runModule(script, this, filename);
};

/** Null for what only Node's own loader can judge, such as an ES module in a package that does not say so. */
function tryToCompile(filename, source) {
  try {
    return compileModule(filename, source);
  } catch {
    return null;
  }
}

function writePack() {
  // Compiled code is only accepted by a process with the same flags as the one that wrote it.
  v8.setFlagsFromString('--flush-bytecode');
  const parts = [];
  const modules = [];
  for (const [filename, { source, script }] of scripts) {
    const sourceBytes = Buffer.from(source, 'utf8');
    const code = script.createCachedData();
    parts.push(sourceBytes, code);
    modules.push([filename, isAscii(sourceBytes), sourceBytes.length, code.length]);
  }
  const found = [...resolutions].map(([directory, requests]) => [directory, [...requests]]);
  const index = Buffer.from(JSON.stringify({ modules, targets: [...targets.keys()], resolutions: found }));
  const length = Buffer.alloc(INDEX_LENGTH_BYTES);
  length.writeUInt32LE(index.length);
  const file = process.env.PACK_FILE;
  writeFileSync(`${file}.part`, Buffer.concat([length, index, ...parts]));
  renameSync(`${file}.part`, file);
  console.log(`packed ${modules.length} modules`);
}

process.on('SIGUSR2', writePack);
