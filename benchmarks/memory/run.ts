// What a platform and its stores hold in memory: of API and workers the resident set, the proportional one, and together what is their own
// plus once the files that they share, above all Node.js itself, which resident sets count three times; and the working set of each pod of each store, as the kernel counts it (usage less inactive file pages, which is what the kubelet and `kubectl top` call the working set).
//
//   node benchmarks/memory/run.ts            look at what is there now; leave stores alone for five minutes first
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { platformPaths } from '@souk/local';
import { openPlatform } from '../shared/platform.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;
const paths = platformPaths();
const { client, facts } = await openPlatform();

const processes = await listProcesses();
for (const { title, rssMib, pssMib } of processes) {
  console.log(`${title.padEnd(28)} ${rssMib.toFixed(0).padStart(6)} MiB resident, ${pssMib.toFixed(0)} proportional`);
}
const stores = (await client.listStores({ limit: 200 })).items;
const rssMib = processes.reduce((sum, process) => sum + process.rssMib, 0);
const pssMib = processes.reduce((sum, process) => sum + process.pssMib, 0);
const ownMib = processes.reduce((sum, process) => sum + process.ownMib, 0);
const sharedMib = Math.max(...processes.map((process) => process.rssMib - process.ownMib));
const held = `${(ownMib + sharedMib).toFixed(0)} held: ${ownMib.toFixed(0)} of their own, ${sharedMib.toFixed(0)} shared`;
const together = `${rssMib.toFixed(0).padStart(6)} MiB resident, ${pssMib.toFixed(0)} proportional, ${held}`;
console.log(`${'API and workers'.padEnd(28)} ${together}, with ${stores.length} stores\n`);

for (const { id, name, engine } of stores) {
  const pods = await podsOf(id.replace('sto_', 'store-'));
  const sets = await Promise.all(pods.map(async ({ uid, pod }) => ({ pod, mib: await workingSetMib(uid) })));
  console.log(`${name} (${engine}): ${sets.reduce((sum, { mib }) => sum + mib, 0).toFixed(0)} MiB working set`);
  for (const { pod, mib } of sets) {
    console.log(`  ${pod.padEnd(40)} ${mib.toFixed(0).padStart(5)} MiB`);
  }
}

interface ProcessMemory {
  readonly title: string;
  readonly rssMib: number;
  readonly pssMib: number;
  readonly ownMib: number;
}

async function listProcesses(): Promise<readonly ProcessMemory[]> {
  const { stdout } = await run('./souk', ['status', '--json'], { env: { ...process.env, SOUK_HOME: paths.home } });
  const { report } = JSON.parse(stdout) as { report: { parts: readonly { name: string; pid: number | null }[] } };
  const wanted = report.parts.filter(({ name }) => name === 'api' || name.startsWith('worker'));
  return await Promise.all(
    wanted.map(async ({ name, pid }) => {
      const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
      const mib = (field: string): number =>
        Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0) / 1024;
      return { title: name, rssMib: mib('Rss'), pssMib: mib('Pss'), ownMib: mib('Anonymous') };
    }),
  );
}

async function podsOf(namespace: string): Promise<readonly { pod: string; uid: string }[]> {
  const path = '{range .items[*]}{.metadata.name} {.metadata.uid}{"\\n"}{end}';
  const args = ['--kubeconfig', facts.kubeconfig, 'get', 'pods', '-n', namespace, '-o', `jsonpath=${path}`];
  const { stdout } = await run(`${facts.programsDir}/kubectl`, args);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ pod: line.split(' ')[0] ?? '', uid: line.split(' ')[1] ?? '' }));
}

async function workingSetMib(uid: string): Promise<number> {
  const folder = await findCgroup(`/sys/fs/cgroup/memory/${paths.cgroup}`, `pod${uid}`);
  if (folder === null) {
    return 0;
  }
  const usage = Number(await readFile(`${folder}/memory.usage_in_bytes`, 'utf8'));
  const stat = await readFile(`${folder}/memory.stat`, 'utf8');
  const inactiveFile = Number(/^total_inactive_file (\d+)/m.exec(stat)?.[1] ?? 0);
  return (usage - inactiveFile) / MIB;
}

async function findCgroup(folder: string, name: string): Promise<string | null> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.filter((item) => item.isDirectory())) {
    const path = `${folder}/${entry.name}`;
    const found = entry.name === name ? path : await findCgroup(path, name);
    if (found !== null) {
      return found;
    }
  }
  return null;
}
