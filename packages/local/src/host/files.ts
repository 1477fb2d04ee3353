// Files that are whole or not there at all, whatever kills the writer.

import { randomBytes } from 'node:crypto';
import { access, mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';

export async function writeFileAtomically(file: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const half = `${file}.${process.pid}.${randomBytes(3).toString('hex')}.tmp`;
  const handle = await open(half, 'w', mode);
  try {
    await handle.writeFile(content);
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(half, file);
}

/** Null when the file is not there. */
export async function readIfPresent(file: string): Promise<string | null> {
  return await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  });
}

export async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}

/** The secret in the file; made from `make` at the first call and never changed after. */
export async function keepSecret(file: string, make: () => string): Promise<string> {
  const present = await readIfPresent(file);
  if (present !== null && present.trim() !== '') return present.trim();
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const secret = make();
  await writeFileAtomically(file, `${secret}\n`, 0o600);
  return secret;
}
