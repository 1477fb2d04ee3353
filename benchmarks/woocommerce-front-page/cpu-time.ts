// What the shop's programs have spent of the CPU, so that a page's cost can be told apart from its wait on a full machine.
import { readdir, readFile } from 'node:fs/promises';

const PROGRAMS = { 'php-fpm8.4': 'php', mariadbd: 'database', nginx: 'nginx' } as const;
// The kernel counts in hundredths of a second, whatever its own tick is (proc(5), sysconf(_SC_CLK_TCK) on Linux).
const TICK_MS = 10;

export type CpuTime = Readonly<Record<'php' | 'database' | 'nginx', number>>;

/** Milliseconds so far of all processes whose cgroup's path has the marker in it, with those of their children that ended. */
export async function readCpuTime(marker: string): Promise<CpuTime> {
  const sum = { php: 0, database: 0, nginx: 0 };
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  await Promise.all(
    pids.map(async (pid) => {
      const read = (file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
      const [stat, groups] = await Promise.all([read('stat'), read('cgroup')]);
      const name = /\((.*)\)/.exec(stat)?.[1] ?? '';
      if (!groups.includes(marker) || !Object.hasOwn(PROGRAMS, name)) return;
      // utime, stime, cutime and cstime: fields 14 to 17; the name before them may have spaces in it.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const ticks = fields.slice(11, 15).reduce((total, field) => total + Number(field), 0);
      sum[PROGRAMS[name as keyof typeof PROGRAMS]] += ticks * TICK_MS;
    }),
  );
  return sum;
}
