// The image tool by itself: `build <name…>`, `list`, `import <name…>`. Building all is `build` without a name.

import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { explain } from '../platform-error.ts';
import { type BuiltImages, buildImages, IMAGES_DIR } from './build-images.ts';
import { listImageNames } from './image-plan.ts';
import { importImages } from './import-images.ts';

const USAGE = `usage: node packages/local/src/images/main.ts <command> [name…]
  build [name…]    build these images (all without a name) and print their references as JSON
  list             print the names of all images
  import [name…]   build, then bring into the node of $SOUK_HOME (default /var/lib/souk)
options:
  --programs DIR   where the Go programs lie (default: the newest folder in $SOUK_CACHE/programs)
  --folder DIR     more images, beside those in images/ (may be repeated)
  --ctr COMMAND    how to reach containerd, words separated by blanks`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    programs: { type: 'string' },
    ctr: { type: 'string' },
    folder: { type: 'string', multiple: true, default: [] },
  },
});
const [command, ...given] = positionals;
const cacheDir = process.env.SOUK_CACHE ?? '/var/cache/souk';
const home = process.env.SOUK_HOME ?? '/var/lib/souk';
const moreImagesDirs = values.folder.map((folder) => path.resolve(folder));
const imagesDirs = [IMAGES_DIR, ...moreImagesDirs];
const log = (line: string): void => console.error(line);

await runCommand().catch((error: unknown) => {
  console.error(explain(error));
  process.exitCode = 1;
});

async function runCommand(): Promise<void> {
  switch (command) {
    case 'list':
      for (const name of await listImageNames(imagesDirs)) console.log(name);
      return;
    case 'build':
      console.log(JSON.stringify((await build()).images, null, 2));
      return;
    case 'import': {
      const references = Object.values((await build()).images);
      await importImages({ references, cacheDir, ctr: await findCtr(), log });
      return;
    }
    default:
      console.error(USAGE);
      process.exitCode = 2;
  }
}

async function build(): Promise<BuiltImages> {
  const names = given.length > 0 ? given : await listImageNames(imagesDirs);
  return await buildImages({ names, cacheDir, programsDir: await findProgramsDir(), log, moreImagesDirs });
}

async function findProgramsDir(): Promise<string | undefined> {
  if (values.programs !== undefined) return path.resolve(values.programs);
  const root = path.join(cacheDir, 'programs');
  const found: { folder: string; changed: number }[] = [];
  for (const entry of await readdir(root).catch(() => [])) {
    const folder = path.join(root, entry);
    const status = await stat(folder);
    if (status.isDirectory()) found.push({ folder, changed: status.mtimeMs });
  }
  return found.sort((a, b) => b.changed - a.changed)[0]?.folder;
}

async function findCtr(): Promise<string[]> {
  if (values.ctr !== undefined) return values.ctr.split(/\s+/);
  const ctr = path.join((await findProgramsDir()) ?? '', 'ctr');
  return [ctr, '--address', path.join(home, 'run', 'containerd.sock')];
}
