// Looks at all processes of the machine again and again: their arguments, which anybody on it may read, and the environment of those
// that are not in a pod, where a store's own programs may hold their store's secrets.
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Platform } from '../platform.ts';
import type { Place } from './search-places.ts';

export interface ProcessSampler {
  texts(): readonly Place[];
  rounds(): number;
  stop(): Promise<void>;
}

const EVERY_MS = 40;

export function sampleProcesses({ facts }: Platform): ProcessSampler {
  const ended = new AbortController();
  const seen = new Map<string, string>();
  let rounds = 0;
  const running = (async () => {
    while (!ended.signal.aborted) {
      await lookOnce(facts.netns, seen);
      rounds += 1;
      await delay(EVERY_MS, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  })();
  return {
    texts: () => [...seen].map(([key, text]) => ({ name: key.split('\0')[0] ?? '', text })),
    rounds: () => rounds,
    async stop() {
      ended.abort();
      await running;
    },
  };
}

async function lookOnce(cgroup: string, seen: Map<string, string>): Promise<void> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid))) {
    try {
      const args = await readFile(`/proc/${pid}/cmdline`, 'latin1');
      if (args === '' || seen.has(`arguments of ${pid}\0${args}`)) continue;
      seen.set(`arguments of ${pid}\0${args}`, args.replaceAll('\0', ' '));
      // The cgroup of all pods of a platform is called as its network.
      if ((await readFile(`/proc/${pid}/cgroup`, 'utf8')).includes(`/${cgroup}`)) continue;
      seen.set(`environment of ${pid}\0${args}`, await readFile(`/proc/${pid}/environ`, 'latin1'));
    } catch {
      // It ended while it was looked at.
    }
  }
}
