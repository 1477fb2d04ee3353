import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const LOADER = new URL('./packed-modules.js', import.meta.url);
const RECORDER = new URL('../build/record-modules.js', import.meta.url);
const PACK_DEADLINE_MS = 20_000;

let folder;
const at = (name) => join(folder, name);

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'packed-modules-'));
  await writeFile(at('package.json'), '{ "type": "commonjs" }');
  await writeFile(at('greeting.js'), "module.exports = () => 'grüß dich, ' + require('./name');");
  await writeFile(at('name.js'), "exports.value = 'Ada'; module.exports = exports.value;");
  await writeFile(at('record.mjs'), entry("setInterval(() => {}, 1000); console.log('ready');"));
  await writeFile(
    at('run.mjs'),
    `import { usePack } from '${LOADER}';\nconst leave = usePack('${at('a.pack')}');\n${entry('leave();')}`,
  );
  await recordPack();
});

after(() => rm(folder, { recursive: true }));

function entry(end) {
  return `import { createRequire } from 'node:module';
const require = createRequire('${pathToFileURL(at('x.js'))}');
console.log(require('./greeting')());
${end}`;
}

async function recordPack() {
  const recorder = spawn(process.execPath, ['--import', RECORDER.href, at('record.mjs')], {
    env: { ...process.env, PACK_FILE: at('a.pack') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const chunk of recorder.stdout) if (chunk.includes('ready')) break;
  recorder.kill('SIGUSR2');
  const deadline = Date.now() + PACK_DEADLINE_MS;
  while ((await readFile(at('a.pack')).catch(() => null)) === null) {
    assert.ok(Date.now() < deadline, 'the recorder wrote no pack');
    await setTimeout(20);
  }
  recorder.kill();
}

function run() {
  const child = spawn(process.execPath, [at('run.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
  return text(child.stdout);
}

test('packed modules are loaded although their files have changed, with every letter intact', async () => {
  await writeFile(at('greeting.js'), "module.exports = () => 'from the disk: ' + require('./name');");
  assert.equal(await run(), 'grüß dich, Ada\n');
});

test('a module that is not in the pack is loaded from its file', async () => {
  await writeFile(at('run.mjs'), (await readFile(at('run.mjs'), 'utf8')).replace("'./greeting'", "'./later'"));
  await writeFile(at('later.js'), "module.exports = () => 'later, ' + require('./name');");
  assert.equal(await run(), 'later, Ada\n');
});
