// The unprivileged system user that PostgreSQL runs as. It stays when a platform goes: a freed user id may be given to
// someone else, who would then own what the first one left.

import { readFile } from 'node:fs/promises';
import { PlatformError } from '../platform-error.ts';
import { run } from './run.ts';

export type SystemUser = { uid: number; gid: number };

const NAME = 'souk';

/** The caller's own user where it is not root: only root may become another, and only root must. */
export async function systemUser(): Promise<SystemUser> {
  const [uid = 0, gid = 0] = [process.getuid?.(), process.getgid?.()];
  if (uid !== 0) return { uid, gid };
  const present = await findUser();
  if (present !== null) return present;
  await run([
    'useradd',
    '--system',
    '--user-group',
    '--no-create-home',
    '--home-dir',
    '/nonexistent',
    '--shell',
    '/usr/sbin/nologin',
    NAME,
  ]);
  const made = await findUser();
  if (made === null) {
    throw new PlatformError(`useradd made no user ${NAME} in /etc/passwd`, {
      remedy: `add a system user of this name with a group of its own, then run this again`,
    });
  }
  return made;
}

async function findUser(): Promise<SystemUser | null> {
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((text) => text.startsWith(`${NAME}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}
