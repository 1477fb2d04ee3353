// The supervisor is killed and can tidy nothing: the next `souk up` takes away what it left and serves the same stores.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { platformPaths, status } from '@souk/local';
import { listParts, type Part } from '../crashes/parts.ts';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { makeStore, removeStore } from '../stores.ts';
import { listOrderIds, orderInTestShop } from '../test-shop.ts';
import { until } from '../until.ts';
import { findProcesses, upAgain } from './machine.ts';

describe('a supervisor that was killed', { skip: whyNoPlatform() }, () => {
  let platform: Platform;
  before(() => {
    platform = connectToPlatform();
  });
  after(() => platform.close());

  it('leaves everything running, and the next up takes it away and brings every store back with its orders', {
    timeout: 480_000,
  }, async () => {
    const store = await makeStore(platform.client, 'outlives');
    const orderId = await orderInTestShop(platform, store);
    const before = await listParts(platform);
    const leftFiles = plantHalves(platform);
    const leftMount = path.join(platform.home, 'kubelet', 'left-by-a-crash');
    mkdirSync(leftMount);
    assert.equal(spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', leftMount]).status, 0);

    process.kill(await findSupervisor(platform), 'SIGKILL');
    await until('the platform to be without a supervisor', 10_000, async () => !(await isUp(platform)));
    const orphans = before.flatMap(commandLineOf);
    assert.equal(orphans.length, before.length, 'parts ended with their supervisor');
    assert.ok(existsSync(`/run/netns/${platform.facts.netns}`));

    const logged = readLog(platform).length;
    await platform.souk(...upAgain(platform));

    const [healing] = readLog(platform)
      .slice(logged)
      .filter(({ message }) => message === 'an earlier run left something behind; it is taken away');
    assert.ok(healing, 'the log does not tell what was taken away');
    assert.ok(healing.mounts?.includes(leftMount), `it tells of ${healing.mounts}`);
    assert.ok(healing.processes?.some((name) => name.startsWith('kubelet')));
    assert.ok(healing.networks?.includes(`/run/netns/${platform.facts.netns}`));
    assert.deepEqual(leftFiles.filter(existsSync), []);
    assert.doesNotMatch(readFileSync('/proc/self/mountinfo', 'utf8'), /left-by-a-crash/);

    const now = await listParts(platform);
    assert.deepEqual(now.map(({ name }) => name).sort(), before.map(({ name }) => name).sort());
    assert.deepEqual(
      now.filter(({ state }) => state !== 'ready'),
      [],
    );
    assert.deepEqual(findTwins(platform, now), []);

    const back = await platform.client.getStore(store.id);
    assert.equal(back.phase, 'ready');
    await until('the shop to answer with its order', 120_000, async () => {
      const revealed = await platform.client.revealCredentials(store.id);
      return (await listOrderIds(platform, back, revealed)).includes(orderId);
    });
    await removeStore(platform.client, store.id);
  });
});

const pathsOf = ({ home }: Platform) => platformPaths({ ...process.env, SOUK_HOME: home });

async function isUp(platform: Platform): Promise<boolean> {
  return (await status({ paths: pathsOf(platform) })).isUp;
}

async function findSupervisor(platform: Platform): Promise<number> {
  const { report } = await status({ paths: pathsOf(platform) });
  assert.ok(report);
  assert.match(readFileSync(`/proc/${report.supervisorPid}/cmdline`, 'utf8'), /souk supervisor/);
  return report.supervisorPid;
}

/** What processes leave that are killed while they make something; their maker has ended. */
function plantHalves(platform: Platform): string[] {
  const { cache, config } = pathsOf(platform);
  const dead = spawnSync('true').pid;
  const folder = path.join(cache, 'programs', `.half-${dead}`);
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'kubernetes'), 'half of a program');
  const file = path.join(config, `ports.json.${dead}.0a1b2c.tmp`);
  writeFileSync(file, '{"api":');
  return [folder, file];
}

interface LogLine {
  readonly message: string;
  readonly processes?: readonly string[];
  readonly mounts?: readonly string[];
  readonly networks?: readonly string[];
}

function readLog({ home }: Platform): LogLine[] {
  const text = readFileSync(path.join(home, 'logs', 'supervisor.log'), 'utf8').trim();
  return text.split('\n').map((line) => JSON.parse(line) as LogLine);
}

/** None for a process that has ended. */
function commandLineOf({ pid }: Part): string[] {
  try {
    return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
  } catch {
    return [];
  }
}

/** Programs of the platform that run more often than `souk status` knows of. */
function findTwins(platform: Platform, parts: readonly Part[]): string[] {
  // Not of a platform whose home has a longer name.
  const own = new RegExp(`${platform.home}(?![\\w-])|${platform.facts.netns}`);
  const isOwn = (text: string): boolean => own.test(text);
  const running = findProcesses(isOwn).map((line) => line.replace(/^process \d+: /, ''));
  const supervisors = running.filter((line) => line.startsWith('souk supervisor '));
  return [
    ...(supervisors.length === 1 ? [] : [`${supervisors.length} supervisors`]),
    ...parts
      .flatMap(commandLineOf)
      .filter(isOwn)
      .filter((line) => running.filter((other) => other === line).length !== 1),
  ];
}
