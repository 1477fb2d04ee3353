// A platform's traces on the machine, and how to start one again as it was.
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import type { Platform } from '../platform.ts';

export function upAgain({ facts }: Platform): string[] {
  const folders = ['test-engine', 'late-engine'].map((name) => path.resolve(import.meta.dirname, '..', name));
  return ['up', '--detach', '--port', String(facts.port), '--engine-folder', folders.join(':')];
}

// Where a node, its network or its container runtime could leave something that does not bear the platform's name.
const FOLDERS = [
  '/run',
  '/run/netns',
  '/run/containerd',
  '/var/lib',
  '/var/lib/cni',
  '/var/lib/kubelet',
  '/var/log/containers',
  '/var/log/pods',
  '/etc/cni/net.d',
];

/** All that a platform could change on the machine, without what belongs to other platforms beside it. */
export function describeMachine({ home, facts }: Platform): string[] {
  const isOthers = (line: string): boolean =>
    !line.includes(facts.netns) && !line.includes(`${home}/`) && /souk(?:-[\w-]+)?/.test(line);
  return [
    ...listPacketFilterRules().map((rule) => `rule ${rule}`),
    ...readdirSync('/sys/class/net').map((name) => `interface ${name}`),
    // Not deeper than a node's own: sessions and services come and go below theirs.
    ...listCgroups('/sys/fs/cgroup', 2).map((folder) => `cgroup ${folder}`),
    ...readFileSync('/proc/self/mountinfo', 'utf8')
      .trim()
      .split('\n')
      .map((line) => `mount ${line.split(' ')[4]}`),
    ...FOLDERS.filter(existsSync).flatMap((folder) =>
      readdirSync(folder).map((name) => `file ${withTarget(path.join(folder, name))}`),
    ),
  ]
    .filter((line) => !isOthers(line))
    .sort();
}

/** Of the machine's own network, where the node's rules have no business; without counters. */
function listPacketFilterRules(): string[] {
  const said = (program: string, ...args: string[]): string[] =>
    (spawnSync(program, args, { encoding: 'utf8' }).stdout ?? '').split('\n').map((line) => line.trim());
  return [
    ...said('/usr/sbin/nft', '--stateless', 'list', 'ruleset'),
    ...['/usr/sbin/iptables-save', '/usr/sbin/ip6tables-save'].flatMap((program) =>
      existsSync(program) ? said(program).filter((line) => line.startsWith('-A')) : [],
    ),
  ].filter((line) => line !== '');
}

/** Links are told with their target: those of other platforms' containers bear no other sign of them. */
function withTarget(file: string): string {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() ? `${file} -> ${readlinkSync(file)}` : file;
}

function listCgroups(folder: string, depth = 10): string[] {
  if (depth === 0) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => [path.join(folder, name), ...listCgroups(path.join(folder, name), depth - 1)]);
}

export function findTracesOnMachine({ home, facts }: Platform): string[] {
  const runFolder = `/run/${facts.netns}`;
  const names = (text: string): boolean => text.includes(`${home}/`) || text.includes(`${runFolder}/`);
  return [
    ...findProcesses(names),
    ...readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter(names)
      .map((line) => `mount ${line}`),
    ...(existsSync(`/run/netns/${facts.netns}`) ? [`network namespace ${facts.netns}`] : []),
    ...readdirSync('/sys/class/net')
      .filter((name) => name.startsWith(facts.netns))
      .map((name) => `interface ${name}`),
    ...listCgroups('/sys/fs/cgroup')
      .filter((folder) => path.basename(folder) === facts.netns)
      .map((folder) => `cgroup ${folder}`),
    ...listPacketFilterRules()
      .filter((rule) => rule.includes(facts.netns))
      .map((rule) => `packet-filter rule ${rule}`),
  ];
}

/** Those that were told of the platform, run its programs, or live in its network namespace. */
export function findProcesses(names: (text: string) => boolean): string[] {
  const ourselves = new Set([process.pid, process.ppid].map(String));
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && !ourselves.has(entry))
    .flatMap((pid) => {
      try {
        const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const program = readlinkSync(`/proc/${pid}/exe`);
        return names(`${commandLine} ${program}`) ? [`process ${pid}: ${commandLine}`] : [];
      } catch {
        // Kernel threads have no program, and processes end while we look.
        return [];
      }
    });
}
