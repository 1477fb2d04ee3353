// What the platform takes from Debian. Each is known by a file it brings, so that a machine which has the program in another
// way is left alone.

import { PlatformError } from '../platform-error.ts';
import { exists } from './files.ts';
import { runLogged, tryRun } from './run.ts';

type DebianPackage = { name: string; file: string };

const PLATFORM: readonly DebianPackage[] = [{ name: 'haproxy', file: '/usr/sbin/haproxy' }];
const NODE: readonly DebianPackage[] = [
  { name: 'nftables', file: '/usr/sbin/nft' },
  { name: 'iproute2', file: '/usr/sbin/ip' },
  { name: 'containernetworking-plugins', file: '/usr/lib/cni/ptp' },
  { name: 'passt', file: '/usr/bin/pasta' },
  { name: 'buildah', file: '/usr/bin/buildah' },
  { name: 'mmdebstrap', file: '/usr/bin/mmdebstrap' },
  { name: 'kmod', file: '/usr/sbin/modprobe' },
];
const BUILD: readonly DebianPackage[] = [
  { name: 'gcc', file: '/usr/bin/gcc' },
  { name: 'libc6-dev', file: '/usr/include/stdio.h' },
  { name: 'pkg-config', file: '/usr/bin/pkg-config' },
  { name: 'libseccomp-dev', file: '/usr/include/seccomp.h' },
];

/** The packages whose files are not there. */
export async function missingPackages({
  needsNode,
  isBuilding,
}: {
  needsNode: boolean;
  isBuilding: boolean;
}): Promise<string[]> {
  const wanted = [...PLATFORM, ...(needsNode ? NODE : []), ...(needsNode && isBuilding ? BUILD : [])];
  const present = await Promise.all(wanted.map(({ file }) => exists(file)));
  return wanted.filter((_, index) => present[index] === false).map(({ name }) => name);
}

export async function installPackages(names: readonly string[], logFile: string, signal?: AbortSignal): Promise<void> {
  if ((await tryRun(['apt-get', '--version']).catch(() => null))?.code !== 0) {
    throw new PlatformError(`these programs are missing: ${names.join(', ')}`, {
      remedy: 'this machine has no apt-get; install them with its own package tool',
    });
  }
  if (process.getuid?.() !== 0) {
    throw new PlatformError(`these programs are missing: ${names.join(', ')}`, {
      remedy: `install them: sudo apt-get install ${names.join(' ')}`,
    });
  }
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const remedy = `see the log, then try by hand: apt-get update && apt-get install ${names.join(' ')}`;
  // A source of some third party that fails today must not keep Debian's own packages from being installed: their lists are
  // there all the same, and where they are not, the installation says so.
  await runLogged(['apt-get', 'update', '-q'], logFile, { env: environment, remedy, signal }).catch(
    (error: unknown) => {
      if (signal?.aborted === true) throw error;
    },
  );
  await runLogged(
    ['apt-get', '-o', 'DPkg::Lock::Timeout=300', 'install', '-q', '-y', '--no-install-recommends', ...names],
    logFile,
    {
      env: environment,
      remedy,
      signal,
    },
  );
}
