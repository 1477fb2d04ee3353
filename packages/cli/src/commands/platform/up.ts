// `souk up`: starts the local platform; with --demo it ends with an order in a real store.
import { createClient } from '@souk/contract';
import type { RunningPlatform, UpOptions } from '@souk/local';
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
    context: {
      type: 'string',
      value: 'NAME',
      help: 'use this context, of KUBECONFIG or ~/.kube/config without --kubeconfig',
    },
    'ingress-url': {
      type: 'string',
      value: 'URL',
      help: "where that cluster's ingress controller answers, if its Service does not tell",
    },
    'engine-folder': { type: 'string', value: 'FOLDERS', help: 'folders of further engines, divided by ":"' },
    json: { type: 'boolean', help: 'print JSON and nothing else on standard output; implies --detach' },
  },
  details: [
    'A second "up" finds the running platform. --demo without a name means medusa.',
    'With --kubeconfig or --context, the environment tells what that cluster has: INGRESS_CLASS, INGRESS_NAMESPACE and INGRESS_POD_LABELS of its',
    'ingress controller, STORAGE_CLASS, CLUSTER_ISSUER (cert-manager), and IMAGES_FILE (JSON, image name to reference) for',
    'images that its nodes pull; see docs/operations/local-platform.md.',
  ].join(' '),
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
      signal,
    });
    const platform = await orInterrupted(start, { signal, terminal });
    const { facts } = platform;
    if (!values.json) {
      const tookMs = performance.now() - startedAt;
      announce(platform, { tookMs, link: await signInLink(platform), command: env.SOUK_COMMAND ?? 'souk' }, terminal);
    }
    tellImagesToBring(platform, terminal);
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
    await platform.attach(signal);
    return EXIT.ok;
  },
});

// Stopping asks every pod to end first; whatever takes longer than this goes on by itself.
const STOPS_WITHIN_MS = 60_000;

/** Waits for the start, or, once interrupted, until what it had started is stopped again. */
async function orInterrupted(
  start: Promise<RunningPlatform>,
  { signal, terminal }: { signal: AbortSignal; terminal: Terminal },
): Promise<RunningPlatform> {
  const late = new AbortController();
  const onAbort = (): void => {
    terminal.note('interrupted; stopping what was started (Ctrl-C again leaves at once)');
    setTimeout(() => late.abort(), STOPS_WITHIN_MS).unref();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  const tooLate = new Promise<never>((_, reject) => {
    const message = 'interrupted, and what was started is still being stopped';
    late.signal.addEventListener('abort', () =>
      reject(new CommandError(EXIT.interrupted, message, '"souk status" shows what runs, "souk down" stops it')),
    );
  });
  try {
    return await Promise.race([start, tooLate]);
  } catch (error) {
    if (!signal.aborted || error instanceof CommandError) throw error;
    throw new CommandError(EXIT.interrupted, 'interrupted; nothing of it runs any more', '"souk up" begins again');
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Before minutes of starting, and not after them. */
async function checkEngine(engine: string, engineFolders: readonly string[]): Promise<void> {
  const { listEngineNames } = await import('../../shopper/place-order.ts');
  const names = await listEngineNames(engineFolders);
  if (!names.includes(engine)) throw new UsageError(`--demo knows ${names.join(' and ')}, not "${engine}"`, 'up');
}

function platformUrl({ facts }: RunningPlatform): string {
  return facts.port === 80 ? 'http://localhost' : `http://localhost:${facts.port}`;
}

/** Null where the platform ran before: whoever started it has had theirs. */
async function signInLink({ facts, wasRunning }: RunningPlatform): Promise<string | null> {
  if (wasRunning) return null;
  const client = createClient({ url: facts.edgeUrl, token: await readToken(facts.tokenFile) });
  // The platform is up without it; "souk login" makes another one and says what is wrong.
  const link = await client.makeSignInLink().catch(() => null);
  return link?.url ?? null;
}

interface Announced {
  readonly tookMs: number;
  readonly link: string | null;
  /** How the command line is called here. */
  readonly command: string;
}

function announce(platform: RunningPlatform, { tookMs, link, command }: Announced, terminal: Terminal): void {
  const headline = platform.wasRunning ? 'Souk is up already' : `Souk is up after ${formatDuration(tookMs)}`;
  terminal.print(terminal.paint('green', headline));
  terminal.print(`  dashboard    ${platformUrl(platform)}`);
  terminal.print(`  sign in      ${link ?? `${command} login`}`);
  terminal.print(`  first store  ${command} store create NAME --wait`);
  terminal.print(`  what runs    ${command} status`);
}

function tellImagesToBring({ imagesToBring }: RunningPlatform, terminal: Terminal): void {
  if (imagesToBring.length === 0) return;
  terminal.note("The cluster's nodes must be given these images before a store can start, under exactly these names:");
  for (const { reference, archive } of imagesToBring) terminal.note(`  ${reference}  ${archive}`);
  terminal.note('On each node: ctr -n k8s.io images import FILE (kind: kind load image-archive FILE).');
  terminal.note(
    'Or push them to a registry and start again with IMAGES_FILE, a JSON file: image name to pushed reference.',
  );
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

function readCluster(values: ClusterValues): Pick<UpOptions, 'cluster'> {
  const { kubeconfig, context, 'ingress-url': ingressUrl } = values;
  if (kubeconfig === undefined && context === undefined) {
    if (ingressUrl === undefined) return {};
    throw new UsageError('--ingress-url goes with --kubeconfig or --context', 'up');
  }
  if (ingressUrl !== undefined && !/^https?:$/.test(URL.parse(ingressUrl)?.protocol ?? '')) {
    throw new UsageError(`--ingress-url is not an http address: "${ingressUrl}"`, 'up');
  }
  return {
    cluster: {
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...(context === undefined ? {} : { context }),
      ...(ingressUrl === undefined ? {} : { ingressUrl }),
    },
  };
}
