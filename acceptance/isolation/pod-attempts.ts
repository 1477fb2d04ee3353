// What an attacker tries inside the pod of a store to get at the node: root, privileges, mounts, devices, the kernel, other processes.
import type { Platform } from '../platform.ts';
import type { Attempt } from './attempts.ts';
import { execInPod, type PodRef } from './inside-pod.ts';

const REFUSED = 'refused';
// The first user of a machine that is nobody's: everything below belongs to the machine.
const FIRST_FREE_UID = 65_536;

export function podAttempts(platform: () => Platform, pod: () => PodRef): Attempt[] {
  const run = async (script: string): Promise<{ code: number; stdout: string }> =>
    await execInPod(platform(), pod(), ['sh', '-c', script]);
  /** Refused when the program says that it failed; one that is not there has refused nothing. */
  const refused = (what: string, script: string): Attempt => ({
    what,
    expected: REFUSED,
    tryIt: async () => {
      const { code } = await run(script);
      if (code === 126 || code === 127) return 'the image has no such program';
      return code === 0 ? 'done' : REFUSED;
    },
  });
  const told = (what: string, expected: string, tryIt: Attempt['tryIt']): Attempt => ({ what, expected, tryIt });

  return [
    told('be root of the node', 'nobody on the node', async () => {
      const outside = await readOutsideUids(platform(), pod());
      return outside.every(({ first }) => first >= FIRST_FREE_UID) ? 'nobody on the node' : JSON.stringify(outside);
    }),
    refused('become root in the pod', 'node -e "process.setuid(0)"'),
    refused('be root by a set-user-id program', 'su -s /bin/true root </dev/null'),
    refused('make a user namespace of its own', 'unshare --user --map-root-user true'),
    told('hold a capability of the kernel', 'none', async () => {
      const { stdout } = await run('grep ^Cap /proc/self/status');
      const held = stdout.split('\n').filter((line) => /[1-9a-f]/.test(line.split(':')[1] ?? ''));
      return held.length === 0 ? 'none' : held.join(', ');
    }),
    told('gain privileges by running another program', 'no new privileges', async () => {
      const { stdout } = await run('grep -c "^NoNewPrivs:\\s*1" /proc/self/status');
      return stdout.trim() === '1' ? 'no new privileges' : 'new privileges';
    }),
    told('call the kernel without a filter', 'filtered', async () => {
      const { stdout } = await run('grep -c "^Seccomp:\\s*2" /proc/self/status');
      return stdout.trim() === '1' ? 'filtered' : 'unfiltered';
    }),
    refused('find a token of the cluster', 'find / -xdev -path "*kubernetes.io*" -name token 2>/dev/null | grep .'),
    refused(
      'find the container runtime',
      'find / -xdev \\( -name "containerd*.sock*" -o -name "docker.sock" \\) 2>/dev/null | grep .',
    ),
    refused('mount a file system', 'unshare --mount true || mount -t tmpfs none /data'),
    refused('mount the node’s processes', 'mount -t proc none /data'),
    refused('make a device of the node’s disk', 'mknod /data/disk b 254 0'),
    refused('read the node’s memory', 'head -c4 /proc/kcore | grep -q ELF || head -c1 /dev/mem'),
    refused('read the kernel’s log', 'head -c1 /dev/kmsg || dmesg'),
    refused(
      'change a setting of the kernel',
      'value=$(cat /proc/sys/vm/swappiness); echo "$value" > /proc/sys/vm/swappiness',
    ),
    // `h` only prints a help, where it is let through.
    refused('press the kernel’s emergency keys', 'echo h > /proc/sysrq-trigger'),
    refused(
      'change its own limits',
      'echo -1 > /sys/fs/cgroup/memory/memory.limit_in_bytes || echo max > /sys/fs/cgroup/memory.max',
    ),
    refused('change the programs of its image', 'touch /usr/bin/probe'),
    told('see processes of anybody else', 'none', async () => {
      const { stdout } = await run('for p in /proc/[0-9]*; do stat -c %u $p; done 2>/dev/null | sort -u');
      return stdout.trim() === (await run('id -u')).stdout.trim() ? 'none' : stdout.trim();
    }),
    told('have an IPv6 address beyond its own link, or a route of IPv6 that leads there', 'none', async () => {
      const { stdout } = await run('cat /proc/net/if_inet6 2>/dev/null; cat /proc/net/ipv6_route 2>/dev/null; true');
      const leading = stdout.split('\n').filter((line) => {
        const words = line.trim().split(/\s+/);
        const isLocal = words.at(-1) === 'lo' || /^(fe80|ff)/.test(words[0] ?? '');
        return words.length > 1 && !isLocal;
      });
      return leading.length === 0 ? 'none' : leading.join('; ');
    }),
    told('use more memory than it may', 'ended by the node', async () => {
      const { code } = await run('node -e "const all = []; for (;;) all.push(Buffer.alloc(1e7, 1))"');
      return code === 137 ? 'ended by the node' : `ended with ${code}`;
    }),
  ];
}

export interface UidRange {
  readonly inside: number;
  /** The user outside that `inside` is. */
  readonly first: number;
  readonly count: number;
}

/** As the container's own /proc/self/uid_map tells it; without a user namespace, user 0 is user 0. */
export async function readOutsideUids(platform: Platform, pod: PodRef): Promise<UidRange[]> {
  const { code, stdout, stderr } = await execInPod(platform, pod, ['cat', '/proc/self/uid_map']);
  if (code !== 0) throw new Error(`uid_map of ${pod.namespace}/${pod.name} ${pod.container}: ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [inside = -1, first = -1, count = 0] = line.trim().split(/\s+/).map(Number);
      return { inside, first, count };
    });
}
