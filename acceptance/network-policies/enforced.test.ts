// The local node carries NetworkPolicies out: from a pod's first packet, with the enforcer killed, and over its restart. All
// cases of what a policy may say are tried in packages/local/go/cmd/network-policies; here the real cluster must be wired to it.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { awaitAllReady, crash, findPart } from '../crashes/parts.ts';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { until } from '../until.ts';

const PORT = 8080;
const STARTS_WITHIN_MS = 90_000;
// A denied packet is dropped, so nobody answers; what is allowed answers far sooner.
const UNANSWERED_MS = 2_000;

// Probes close a connection before it is answered, which is nothing to fail for.
const LISTEN = `
require('node:net').createServer((socket) => socket.on('error', () => undefined).end('hello')).listen(${PORT});
`;
// Tries the addresses of its arguments, "address:port", in its first moment, and tells of each: open, or why not.
const ATTEMPT = `
const net = require('node:net');
const attempt = (target) => new Promise((resolve) => {
  const [host, port] = target.split(':');
  const startedAt = Date.now();
  const end = (seen) => resolve({ target, seen, ms: Date.now() - startedAt });
  const socket = net.connect({ host, port: Number(port), timeout: ${UNANSWERED_MS} });
  socket.once('connect', () => (socket.destroy(), end('open')));
  socket.once('timeout', () => (socket.destroy(), end('no answer')));
  socket.once('error', (error) => end(error.code));
});
Promise.all(process.argv.slice(1).map(attempt)).then((seen) => console.log('SEEN ' + JSON.stringify(seen)));
`;

type Attempt = { target: string; seen: string; ms: number };

describe('network policies on the local node', { skip: whyNoPlatform() }, () => {
  const suffix = randomBytes(3).toString('hex');
  const own = `policies-own-${suffix}`;
  const other = `policies-other-${suffix}`;
  let platform: Platform;
  let folder: string;
  let image: string;
  let nodeIp: string;
  let ownServer: string;
  let otherServer: string;

  before(
    async () => {
      platform = connectToPlatform();
      folder = await mkdtemp(path.join(tmpdir(), 'souk-policies-'));
      image = JSON.parse(await readFile(path.join(platform.home, 'images.json'), 'utf8')).node;
      nodeIp = JSON.parse(await readFile(path.join(platform.home, 'network.json'), 'utf8')).nodeIp;
      await create(...[own, other].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })));
      await create(
        policy('deny-all', {}),
        policy('allow-own', { ingress: [{ from: [{ podSelector: {} }] }], egress: [{ to: [{ podSelector: {} }] }] }),
      );
      await create(pod(own, 'server', []), pod(other, 'server', []));
      [ownServer = '', otherServer = ''] = await Promise.all([own, other].map((name) => addressOf(name, 'server')));
    },
    { timeout: 2 * STARTS_WITHIN_MS },
  );
  after(async () => {
    await platform.kubectl('delete', 'namespace', own, other, '--wait=false');
    await rm(folder, { recursive: true, force: true });
    platform.close();
  });

  it('lets a pod’s first packet go where a policy allows it, and nowhere else', {
    timeout: STARTS_WITHIN_MS,
  }, async () => {
    const seen = await attemptsOf(own, 'first', [ownServer, otherServer, `${nodeIp}:6443`, '10.96.0.1:443']);
    assert.deepEqual(
      seen.map(({ seen }) => seen),
      ['open', 'no answer', 'no answer', 'no answer'],
    );
    // A dropped first packet would be sent again only after a second.
    assert.ok((seen[0]?.ms ?? 0) < 1_000, `the allowed connection took ${seen[0]?.ms} ms`);
  });

  it('restricts nobody whom no policy selects, and shuts others out', { timeout: STARTS_WITHIN_MS }, async () => {
    const seen = await attemptsOf(other, 'free', [otherServer, ownServer, `${nodeIp}:6443`]);
    assert.deepEqual(
      seen.map(({ seen }) => seen),
      ['open', 'no answer', 'open'],
    );
  });

  it('keeps every rule while the enforcer is dead, and gives new pods theirs after it', {
    timeout: 180_000,
  }, async () => {
    crash(await findPart(platform, 'network-policies'), platform.home);
    const [seen, again] = await Promise.all([
      attemptsOf(own, 'orphan', [otherServer, ownServer]),
      attemptFrom(other, 'server', ownServer),
    ]);
    assert.deepEqual(
      seen.map(({ seen }) => seen),
      ['no answer', 'open'],
    );
    assert.equal(again, 'no answer');
    await awaitAllReady(platform);
  });

  it('opens at once what a new policy allows, and shuts it again with the policy', { timeout: 120_000 }, async () => {
    const open = async (): Promise<boolean> => (await attemptFrom(other, 'server', ownServer)) === 'open';
    await create(
      policy('allow-other', {
        ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': other } } }] }],
      }),
    );
    await until('the other namespace to be let in', 10_000, open);
    await platform.kubectl('delete', 'networkpolicy', '-n', own, 'allow-other');
    await until('the other namespace to be shut out', 10_000, async () => !(await open()));
  });

  async function create(...items: readonly unknown[]): Promise<void> {
    const file = path.join(folder, `${randomBytes(4).toString('hex')}.json`);
    await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    await platform.kubectl('create', '-f', file);
  }

  function policy(name: string, rules: Record<string, unknown>): Record<string, unknown> {
    const policyTypes = [
      'ingress' in rules || !('egress' in rules) ? 'Ingress' : null,
      'egress' in rules || !('ingress' in rules) ? 'Egress' : null,
    ];
    return {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name, namespace: own },
      spec: { podSelector: {}, policyTypes: policyTypes.filter((type) => type !== null), ...rules },
    };
  }

  function pod(namespace: string, name: string, targets: readonly string[]): Record<string, unknown> {
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace },
      spec: {
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 0,
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            name: 'pod',
            image,
            command: ['node', '-e', ATTEMPT + LISTEN, ...targets],
            readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 1 },
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          },
        ],
      },
    };
  }

  /** Also shows that the node reaches an isolated pod: its probe must succeed. */
  async function addressOf(namespace: string, name: string): Promise<string> {
    await platform.kubectl(
      'wait',
      '-n',
      namespace,
      '--for=condition=Ready',
      `pod/${name}`,
      `--timeout=${STARTS_WITHIN_MS / 1000}s`,
    );
    return `${await platform.kubectl('get', 'pod', '-n', namespace, name, '-o', 'jsonpath={.status.podIP}')}:${PORT}`;
  }

  async function attemptFrom(namespace: string, name: string, target: string): Promise<string> {
    const said = await platform.kubectl('exec', '-n', namespace, name, '--', 'node', '-e', ATTEMPT, target);
    return /"seen":"([^"]+)"/.exec(said)?.[1] ?? said;
  }

  async function attemptsOf(namespace: string, name: string, targets: readonly string[]): Promise<Attempt[]> {
    await create(pod(namespace, name, targets));
    return await until(`${namespace}/${name} to tell what it saw`, STARTS_WITHIN_MS, async () => {
      const said = /SEEN (.+)/.exec(await platform.kubectl('logs', '-n', namespace, name))?.[1];
      return said === undefined ? null : (JSON.parse(said) as Attempt[]);
    });
  }
});
