// The rival: the same WordPress, PHP, nginx and MariaDB from the same images, started by hand on this machine without Kubernetes, under
// the same limits of CPU. The database is reached by its socket, which is the shorter way. Needs root; leaves nothing behind.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { INTERNAL_SECRET } from '@souk/server/engines/engine.ts';
import { engine } from '@souk/server/engines/woocommerce/engine.ts';
import { SIZES } from '@souk/server/engines/woocommerce/sizes.ts';
import { makeCpuGroup } from './cpu-group.ts';

const run = promisify(execFile);
const USER = 10001;
const READY_WITHIN_MS = 120_000;

export interface PlainShopOptions {
  readonly images: Readonly<Record<string, string>>;
  /** The command that reaches the node's containerd, which has the images. */
  readonly ctr: readonly string[];
  readonly host: string;
  readonly baseDomain: string;
  readonly port: number;
  /** The path of the pods' group in the hierarchy of CPU. */
  readonly podsGroup: string;
}

export interface PlainShop {
  readonly url: URL;
  /** In the path of its processes' cgroup. */
  readonly cpuGroup: string;
  readonly end: () => Promise<void>;
}

type Part = 'database' | 'php' | 'nginx';

export async function startPlainShop(options: PlainShopOptions): Promise<PlainShop> {
  const folder = await mkdtemp(path.join(tmpdir(), 'souk-plain-shop-'));
  const cpu = await makeCpuGroup(options.podsGroup, path.basename(folder));
  const children: ChildProcess[] = [];
  const roots: string[] = [];
  const end = async (): Promise<void> => {
    await Promise.all(children.map(stop));
    await cpu.remove();
    for (const root of roots)
      await run(options.ctr[0] ?? '', [...options.ctr.slice(1), 'images', 'unmount', '--rm', root]);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const mount = async (name: string): Promise<string> => {
      const root = path.join(folder, `root-${name}`);
      await mkdir(root);
      await run(options.ctr[0] ?? '', [...options.ctr.slice(1), 'images', 'mount', options.images[name] ?? '', root]);
      roots.push(root);
      return root;
    };
    const [web, database] = [await mount('woocommerce'), await mount('woocommerce-database')];
    await layOut(folder, web, options);
    const start = async (part: Part, root: string, command: readonly string[]): Promise<void> => {
      const { requests, limits } = SIZES.standard[part].resources;
      const tasks = await cpu.limit(part, { request: milliOf(requests.cpu), limit: milliOf(limits.cpu) });
      children.push(spawnInside({ root, folder, tasks, command }));
    };
    await start('database', database, ['start-database', '--skip-networking']);
    await start('php', web, ['start-php']);
    await start('nginx', web, ['nginx', '-c', '/run/souk/nginx.conf', '-g', 'daemon off;']);
    const url = new URL(`http://127.0.0.1:${options.port}`);
    await awaitHealthy(url, options.host);
    return { url, cpuGroup: path.basename(folder), end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** What the parts write to, and what Kubernetes would mount: secrets, and nginx's configuration with another port. */
async function layOut(folder: string, web: string, { port, baseDomain }: PlainShopOptions): Promise<void> {
  const secrets = await engine.secrets({
    title: 'Plain',
    adminEmail: 'owner@example.com',
    adminPassword: null,
    randomBytes,
  });
  for (const name of ['tmp', 'data', 'uploads', 'mariadb', 'souk', 'secrets']) {
    const made = path.join(folder, name);
    await mkdir(made);
    await chmod(made, 0o777);
  }
  const internal = secrets[INTERNAL_SECRET] ?? {};
  for (const [key, value] of Object.entries(internal)) await writeFile(path.join(folder, 'secrets', key), value);
  const nginx = (await readFile(path.join(web, 'etc/souk/nginx.conf'), 'utf8'))
    .replace('listen 8080 default_server', `listen 127.0.0.1:${port} default_server`)
    .replace(/listen \[::\].*;/, '');
  await writeFile(path.join(folder, 'souk', 'nginx.conf'), nginx);
  const salts = Object.entries(internal)
    .filter(([name]) => /(Key|Salt)$/.test(name))
    .map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase(), value]);
  const environment = {
    ...Object.fromEntries(salts),
    SOUK_BASE_DOMAIN: baseDomain,
    PHP_WORKERS: String(SIZES.standard.php.workers),
    DATABASE_HOST: 'localhost:/run/mariadb/mariadb.sock',
    DATABASE_PASSWORD: internal.databasePassword,
    SOUK_DATA: '/var/lib/souk-data/mysql',
    SOUK_DATABASE: 'store',
    SOUK_ROLE: 'store',
    PATH: '/usr/local/bin:/usr/sbin:/usr/bin:/bin',
  };
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}='${value}'`);
  await writeFile(path.join(folder, 'environment'), `${lines.join('\n')}\n`, { mode: 0o600 });
  await writeFile(path.join(folder, 'log'), '');
  for (const name of ['data', 'log']) await chown(path.join(folder, name), USER, USER);
}

interface Inside {
  readonly root: string;
  readonly folder: string;
  readonly tasks: string;
  readonly command: readonly string[];
}

function spawnInside({ root, folder, tasks, command }: Inside): ChildProcess {
  const uploads = 'srv/shop/public/wp-content/uploads';
  const binds = { tmp: 'tmp', data: 'var/lib/souk-data', mariadb: 'run/mariadb', souk: 'run/souk', uploads } as const;
  const script = [
    `echo $$ > ${tasks}`,
    `. ${folder}/environment`,
    `mount -t tmpfs tmpfs ${root}/run && mkdir -p ${root}/run/mariadb ${root}/run/souk ${root}/run/secrets/store`,
    ...Object.entries(binds).map(
      ([from, to]) => `if [ -d ${root}/${to} ]; then mount --bind ${folder}/${from} ${root}/${to}; fi`,
    ),
    `mount --bind ${folder}/secrets ${root}/run/secrets/store`,
    `mount --rbind /dev ${root}/dev && mount -t proc proc ${root}/proc`,
    // PHP opens its standard error anew, as a user who may not do that with a file of root's.
    `exec chroot --userspec=${USER}:${USER} ${root} "$@" >>${folder}/log 2>&1`,
  ].join('\n');
  return spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-euc', script, 'sh', ...command], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function awaitHealthy(url: URL, host: string): Promise<void> {
  const giveUpAt = performance.now() + READY_WITHIN_MS;
  while ((await statusOf(new URL('/healthz', url), host)) !== 200) {
    if (performance.now() > giveUpAt) throw new Error('the plain shop did not become healthy');
    await delay(200);
  }
}

async function statusOf(url: URL, host: string): Promise<number> {
  return await new Promise((resolve) => {
    const sent = request(url, { headers: { host } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sent.on('error', () => resolve(0));
    sent.end();
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await Promise.race([ended, delay(10_000).then(() => child.kill('SIGKILL'))]);
}

function milliOf(cpu: string): number {
  return cpu.endsWith('m') ? Number(cpu.slice(0, -1)) : Number(cpu) * 1000;
}
