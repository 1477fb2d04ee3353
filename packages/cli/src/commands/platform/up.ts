// `souk up`: starts the local platform; with --demo it ends with an order in a real store.
import { once } from 'node:events';
import { createClient } from '@souk/contract';
import type { RunningPlatform } from '@souk/local';
import { defineCommand } from '../../command.ts';
import { readToken } from '../../connection.ts';
import { CommandError, EXIT, UsageError } from '../../exit-code.ts';
import type { Terminal } from '../../output/terminal.ts';
import { formatDuration } from '../../output/words.ts';
import type { runDemo } from './demo.ts';

export const up = defineCommand({
  words: ['up'],
  summary: 'start the platform on this machine',
  arguments: [],
  options: {
    demo: {
      type: 'string',
      value: 'ENGINE',
      whenBare: 'medusa',
      help: 'also make a store of this engine and place an order in it',
    },
    detach: { type: 'boolean', short: 'd', help: 'return once the platform answers, instead of staying until Ctrl-C' },
    port: { type: 'string', value: 'PORT', help: 'where the platform answers (8080)' },
    kubeconfig: { type: 'string', value: 'FILE', help: 'use the cluster of this file instead of a node of our own' },
    context: { type: 'string', value: 'NAME', help: 'use this context of the kubeconfig' },
    'ingress-url': { type: 'string', value: 'URL', help: "where that cluster's ingress controller answers" },
    'engine-folder': { type: 'string', value: 'FOLDERS', help: 'folders of further engines, divided by ":"' },
    json: { type: 'boolean', help: 'print JSON and nothing else on standard output; implies --detach' },
  },
  details: 'A second "up" finds the running platform. --demo without a name means medusa.',
  examples: ['souk up', 'souk up --detach', 'souk up --demo', 'souk up --demo=medusa --json'],
  run: async ({ values, terminal, env, signal }) => {
    const local = await import('@souk/local');
    const engine = values.demo;
    const engineFolders = (values['engine-folder'] ?? '').split(':').filter((folder) => folder !== '');
    if (engine !== undefined) await checkEngine(engine, engineFolders);
    const startedAt = performance.now();
    const start = local.up({
      paths: local.platformPaths(env),
      ...readPort(values.port),
      ...readCluster(values),
      engineFolders,
    });
    const platform = await Promise.race([start, interruption(signal)]);
    const { facts } = platform;
    if (!values.json) announce(platform, performance.now() - startedAt, terminal);
    if (engine !== undefined) {
      const client = createClient({ url: facts.edgeUrl, token: await readToken(facts.tokenFile) });
      const { runDemo } = await import('./demo.ts');
      const demo = await runDemo({ client, engine, terminal, edgeUrl: facts.edgeUrl, engineFolders, signal });
      if (values.json) {
        const { store, orderId, storeMs, orderMs } = demo;
        const { storefrontUrl, adminUrl } = store;
        const durations = { ...platform.durations, storeMs, orderMs };
        terminal.printJson({ store, storefrontUrl, adminUrl, orderId, durations });
      } else {
        announceDemo(demo, terminal);
      }
    } else if (values.json) {
      terminal.printJson({
        url: platformUrl(platform),
        durations: platform.durations,
        wasRunning: platform.wasRunning,
      });
    }
    // Whoever only looked at a platform that ran before must not stop it by leaving.
    if (values.detach || values.json || platform.wasRunning) return EXIT.ok;
    terminal.note(terminal.paintNote('dim', 'Ctrl-C stops the platform and keeps its data.'));
    await platform.attach();
    return EXIT.ok;
  },
});

/** Before minutes of starting, and not after them. */
async function checkEngine(engine: string, engineFolders: readonly string[]): Promise<void> {
  const { listEngineNames } = await import('../../shopper/place-order.ts');
  const names = await listEngineNames(engineFolders);
  if (!names.includes(engine)) throw new UsageError(`--demo knows ${names.join(' and ')}, not "${engine}"`, 'up');
}

/** What has been started goes on by itself: it is not ours to leave half a platform behind without a word. */
async function interruption(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw new CommandError(
    EXIT.interrupted,
    'interrupted while the platform was starting',
    '"souk up" goes on with it, "souk down" stops it',
  );
}

function platformUrl({ facts }: RunningPlatform): string {
  return facts.port === 80 ? 'http://localhost' : `http://localhost:${facts.port}`;
}

function announce(platform: RunningPlatform, tookMs: number, terminal: Terminal): void {
  const headline = platform.wasRunning ? 'Souk is up already' : `Souk is up after ${formatDuration(tookMs)}`;
  terminal.print(terminal.paint('green', headline));
  terminal.print(`  platform     ${platformUrl(platform)}`);
  terminal.print('  first store  souk store create NAME --wait');
  terminal.print('  what runs    souk status');
}

function announceDemo(demo: Awaited<ReturnType<typeof runDemo>>, terminal: Terminal): void {
  const { store, credentials, orderId, displayId, storeMs, orderMs } = demo;
  const headline = `${store.name} sells: made in ${formatDuration(storeMs)}, order #${displayId} placed in ${formatDuration(orderMs)}`;
  terminal.print(terminal.paint('green', headline));
  terminal.print(`  storefront   ${store.storefrontUrl}`);
  terminal.print(`  admin        ${store.adminUrl}`);
  terminal.print(`  login        ${credentials.username}  ${credentials.password}`);
  terminal.print(`  order        ${orderId}`);
}

function readPort(text: string | undefined): { port?: number } {
  if (text === undefined) return {};
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new UsageError(`--port is not a port: "${text}"`, 'up');
  return { port };
}

interface ClusterValues {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly 'ingress-url': string | undefined;
}

function readCluster(values: ClusterValues): {
  cluster?: { kubeconfig: string; context?: string; ingressUrl: string };
} {
  const { kubeconfig, context, 'ingress-url': ingressUrl } = values;
  if (kubeconfig === undefined) {
    if (context === undefined && ingressUrl === undefined) return {};
    throw new UsageError('--context and --ingress-url go with --kubeconfig', 'up');
  }
  if (ingressUrl === undefined || !URL.canParse(ingressUrl)) {
    throw new UsageError("--kubeconfig needs --ingress-url, where that cluster's ingress controller answers", 'up');
  }
  return { cluster: { kubeconfig, ingressUrl, ...(context === undefined ? {} : { context }) } };
}
