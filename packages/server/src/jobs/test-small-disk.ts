// A small disk for one test: ext4 in a file, on which fsync does what it does on any disk. Who is killed with it leaves it to the next.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'souk-small-disk-';

export interface SmallDisk {
  readonly folder: string;
  /** The loop device goes with the mount. */
  unmount(): void;
}

/** A sentence where this machine cannot have one. */
export function mountSmallDisk(mebibytes: number): SmallDisk | string {
  if (process.getuid?.() !== 0) {
    return 'only root may mount a small disk';
  }
  removeForgotten();
  const place = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const [folder, image] = [join(place, 'disk'), join(place, 'image')];
  try {
    // PostgreSQL runs as another user, who must get through.
    chmodSync(place, 0o711);
    mkdirSync(folder);
    writeFileSync(image, '');
    truncateSync(image, mebibytes * 1024 * 1024);
    // Nothing is set aside for root, who writes the ballast.
    execFileSync('mkfs.ext4', ['-q', '-m', '0', image], { stdio: 'pipe' });
    execFileSync('mount', ['-o', 'loop', image, folder], { stdio: 'pipe' });
  } catch (error) {
    rmSync(place, { recursive: true, force: true });
    return `a small disk cannot be mounted here: ${String(error)}`;
  }
  // Only the loop device holds it from now on.
  rmSync(image);
  return { folder, unmount: () => remove(place) };
}

function remove(place: string): void {
  // Lazily: what was killed a moment ago may not have let go of it yet.
  execFileSync('umount', ['--lazy', join(place, 'disk')], { stdio: 'pipe' });
  rmSync(place, { recursive: true, force: true });
}

function removeForgotten(): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    if (isAlive(Number(name.slice(PREFIX.length).split('-')[0]))) continue;
    try {
      remove(join(tmpdir(), name));
    } catch {
      // Not mounted any more: only its folder is left.
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
