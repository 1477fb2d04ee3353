// Keeps one platform: boots its parts in the order of their needs, holds them up, and stops them in the reverse order. What it
// has started is known from the outside through its report alone.

import { mkdir, symlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import {
  apiSpec,
  type ControlPlane,
  makeSecrets,
  migrate,
  warmCompileCache,
  workerSpecs,
} from '../applications/control-plane.ts';
import { prepareEdge } from '../applications/edge.ts';
import { choosePorts, type Ports } from '../applications/ports.ts';
import { preparePostgres } from '../applications/postgres.ts';
import { CLUSTER_SETTINGS } from '../existing-cluster.ts';
import { listHostAddresses } from '../host/host-addresses.ts';
import { removeHalves } from '../host/remove-halves.ts';
import { API_USER, WORKER_USER } from '../manifests/access.ts';
import { ingressNodePort } from '../manifests/apply-manifests.ts';
import { findLeftovers, hasLeftovers, logLeftovers, stopPods, sweep } from '../node/sweep.ts';
import { describe, messageOf, PlatformError, remedyOf } from '../platform-error.ts';
import { type PlatformFacts, writePlatformFacts } from '../platform-facts.ts';
import { logFile, type PlatformPaths } from '../platform-paths.ts';
import { ChildRegister } from '../processes/child-register.ts';
import { type PartSpec, SupervisedProcess } from '../processes/supervised-process.ts';
import { bootNode } from './boot-node.ts';
import { writeImagesFile, writeMissingImagesFile } from './images-file.ts';
import type { BootDurations, Failure, PlatformReport, StepReport } from './platform-report.ts';
import type { SupervisorLog } from './supervisor-log.ts';
import type { SupervisorOptions } from './supervisor-options.ts';

type BootedCluster = {
  nodeIp: string;
  ingressUrl: string;
  importMs: number;
  kubeconfigs: { admin: string; api: string; worker: string };
};

const BOOT_ENDS_WITHIN_MS = 5_000;

export class Supervisor {
  readonly #paths: PlatformPaths;
  readonly #options: SupervisorOptions;
  readonly #log: SupervisorLog;
  readonly #register: ChildRegister;
  readonly #startedAt = new Date();
  readonly #steps: StepReport[] = [];
  readonly #parts: SupervisedProcess[] = [];
  #state: PlatformReport['state'] = 'starting';
  #facts: PlatformFacts | null = null;
  #durations: BootDurations | null = null;
  #failure: Failure | null = null;
  /** Called whenever the report says something new. */
  onChange: () => void = () => undefined;

  constructor(paths: PlatformPaths, options: SupervisorOptions, log: SupervisorLog) {
    this.#paths = paths;
    this.#options = options;
    this.#log = log;
    this.#register = new ChildRegister(paths.children);
  }

  get report(): PlatformReport {
    return {
      state: this.#state,
      supervisorPid: process.pid,
      startedAt: this.#startedAt.toISOString(),
      steps: this.#steps,
      parts: this.#parts.map(({ facts }) => facts),
      facts: this.#facts,
      durations: this.#durations,
      failure: this.#failure,
    };
  }

  /** Takes away what an earlier run left and lays out the folders that a run needs. */
  async heal(): Promise<void> {
    const left = await findLeftovers(this.#paths);
    if (hasLeftovers(left)) {
      logLeftovers(left, this.#log);
      await this.#step('heal', 'taking away what an earlier run left', 'supervisor', () => sweep(this.#paths));
    }
    const { home, config, secrets, pki } = this.#paths;
    const halves = await removeHalves([home, config, secrets, pki]);
    if (halves.length > 0) this.#log.warn('an earlier run left files half written; they are taken away', { halves });
    // Root inside a pod's user namespace is nobody outside, and must pass through to its own root folder.
    await mkdir(this.#paths.runtime, { recursive: true, mode: 0o711 });
    if (this.#paths.run === this.#paths.runtime) return;
    await symlink(this.#paths.runtime, this.#paths.run).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }

  async boot(): Promise<void> {
    const paths = this.#paths;
    await makeSecrets(paths);
    const ports = await choosePorts(paths);
    const startedAt = Date.now();
    const database = this.#step('database', 'PostgreSQL', 'postgres', async () => {
      await this.#start((await preparePostgres(paths, ports.database)).spec);
    }).then(() => Date.now() - startedAt);
    const cluster = this.#bootCluster().then((booted) => ({ ...booted, clusterMs: Date.now() - startedAt }));
    const [postgresMs, booted] = await settle(database, cluster);
    const [migrateMs, platformMs] = this.#options.nodeOnly ? [0, 0] : await this.#bootControlPlane(ports, booted);
    this.#facts = this.#gatherFacts(ports, booted);
    await writePlatformFacts(paths, this.#facts);
    const { importMs, clusterMs } = booted;
    this.#durations = { importMs, clusterMs, databaseMs: postgresMs + migrateMs, platformMs };
    this.#state = 'ready';
    this.#log.info('the platform is ready', { bootMs: Date.now() - startedAt, ...this.#durations });
    this.onChange();
  }

  fail(error: unknown): void {
    const known = error instanceof PlatformError ? error : null;
    this.#failure = {
      message: messageOf(error),
      logFile: known?.logFile ?? logFile(this.#paths, 'supervisor'),
      remedy: remedyOf(error),
    };
    this.#state = 'failed';
    this.#log.error('the platform could not start', {
      error: describe(error),
      cause: known?.cause === undefined ? undefined : messageOf(known.cause),
    });
    this.onChange();
  }

  /** Stops everything in the reverse order of its start and takes away what is left; SOUK_HOME keeps the data. */
  async stop(booting: Promise<void>): Promise<void> {
    if (this.#state !== 'failed') this.#state = 'stopping';
    this.onChange();
    this.#log.info('stopping');
    const named = (...names: string[]): SupervisedProcess[] =>
      this.#parts.filter(({ spec }) => names.includes(spec.name));
    const stopAll = async (parts: SupervisedProcess[]): Promise<void> => {
      await Promise.all(parts.map((part) => part.stop()));
    };
    await this.#step('stop-platform', 'stopping API and workers', 'supervisor', async () => {
      await stopAll(named('edge', 'worker-1', 'worker-2', 'api'));
    });
    await this.#step('stop-node', 'stopping pods and the node', 'supervisor', async () => {
      await stopAll(named('kubelet', 'kube-controller-manager', 'kube-scheduler'));
      await stopPods(this.#paths);
      await stopAll(named('kube-proxy', 'network-policies', 'way-out', 'containerd', 'kube-apiserver', 'postgres'));
      await stopAll(named('etcd'));
      // A boot whose parts are taken away fails soon; what it started meanwhile is stopped as well.
      await Promise.race([booting, delay(BOOT_ENDS_WITHIN_MS, undefined, { ref: false })]);
      await stopAll(this.#parts);
      await sweep(this.#paths);
    });
    this.#log.info('stopped');
  }

  async #bootCluster(): Promise<BootedCluster> {
    const { cluster, programs, images, missingImages } = this.#options;
    const paths = this.#paths;
    await writeMissingImagesFile(paths, missingImages);
    if ('kubeconfig' in cluster) {
      const { kubeconfig, ingressUrl } = cluster;
      await writeImagesFile(paths, images);
      return {
        nodeIp: new URL(ingressUrl).hostname,
        ingressUrl,
        importMs: 0,
        kubeconfigs: { admin: kubeconfig, api: kubeconfig, worker: kubeconfig },
      };
    }
    const start = (spec: PartSpec): Promise<void> => this.#start(spec);
    const log = (message: string): void => this.#log.info(message);
    const { nodeIp, importMs } = await this.#step('cluster', 'Kubernetes node', 'kubelet', () =>
      bootNode({ paths, programs, images, pki: cluster.pki, start, log, step: (...step) => this.#step(...step) }),
    );
    return {
      nodeIp,
      importMs,
      ingressUrl: `http://${nodeIp}:${await ingressNodePort()}`,
      kubeconfigs: { admin: paths.kubeconfig, api: paths.apiKubeconfig, worker: paths.workerKubeconfig },
    };
  }

  async #bootControlPlane(ports: Ports, { ingressUrl, kubeconfigs }: BootedCluster): Promise<[number, number]> {
    const { port, baseDomain, programs, dashboardFolder, engineFolders, cluster } = this.#options;
    const plane: ControlPlane = {
      paths: this.#paths,
      apiPort: ports.api,
      workerPorts: ports.workers,
      port,
      baseDomain,
      ingressUrl,
      programs,
      dashboardFolder,
      kubeconfigs,
      engineFolders,
      // Our own node's runc and kernel give pods user namespaces; of another cluster nothing is known.
      workerSettings: {
        HAS_USER_NAMESPACES: String('pki' in cluster),
        ...('pki' in cluster
          ? {
              WORKER_SUBJECT: `User:${WORKER_USER}`,
              API_SUBJECT: `User:${API_USER}`,
              CLOSED_NETWORKS: listHostAddresses().join(','),
            }
          : fromEnvironment(CLUSTER_SETTINGS)),
      },
      extra: fromEnvironment(PASSED_ON),
    };
    const startedAt = Date.now();
    await this.#step('migrate', 'database schema', 'migrate', async () => {
      await Promise.all([migrate(plane), warmCompileCache(plane)]);
    });
    const migratedAt = Date.now();
    await this.#step('platform', 'API, workers and edge', 'api', () => this.#startPlatform(plane));
    return [migratedAt - startedAt, Date.now() - migratedAt];
  }

  #gatherFacts(ports: Ports, { nodeIp, ingressUrl, kubeconfigs }: BootedCluster): PlatformFacts {
    const { port, baseDomain, programs } = this.#options;
    const paths = this.#paths;
    return {
      version: 1,
      port,
      baseDomain,
      apiPort: ports.api,
      apiUrl: `http://127.0.0.1:${ports.api}`,
      ingressUrl,
      edgeUrl: `http://127.0.0.1:${port}`,
      databaseUrlFile: paths.databaseUrl,
      tokenFile: paths.apiToken,
      kubeconfig: kubeconfigs.admin,
      netns: paths.netns,
      nodeIp,
      volumesDir: paths.volumes,
      programsDir: programs,
    };
  }

  async #startPlatform(plane: ControlPlane): Promise<void> {
    const ingress = new URL(plane.ingressUrl);
    const edge = await prepareEdge(this.#paths, {
      port: plane.port,
      apiPort: plane.apiPort,
      baseDomain: plane.baseDomain,
      ingress: { host: ingress.hostname, port: Number(ingress.port === '' ? 80 : ingress.port) },
    });
    await Promise.all([apiSpec(plane), ...workerSpecs(plane), edge].map((spec) => this.#start(spec)));
  }

  async #start(spec: PartSpec): Promise<void> {
    const part = new SupervisedProcess(spec, this.#register, this.#log);
    this.#parts.push(part);
    await part.start();
    this.onChange();
  }

  async #step<T>(name: string, title: string, log: string, act: () => Promise<T>): Promise<T> {
    const step: StepReport = {
      name,
      title,
      state: 'running',
      startedAt: Date.now(),
      elapsedMs: null,
      logFile: logFile(this.#paths, log),
    };
    this.#steps.push(step);
    this.onChange();
    try {
      const result = await act();
      step.state = 'done';
      return result;
    } catch (error) {
      step.state = 'failed';
      throw error;
    } finally {
      step.elapsedMs = Date.now() - step.startedAt;
      this.#log.info('step ended', { step: name, state: step.state, elapsedMs: step.elapsedMs });
      this.onChange();
    }
  }
}

// Both run to their end before a failure is told: stopping while one of them still starts parts would miss those.
async function settle<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return [await first, await second];
}

/** What a person or a test may set for the control plane through the environment of `souk up`. */
export const PASSED_ON: readonly string[] = [
  'ADDRESS_REQUESTS_PER_MINUTE',
  'CORS_ORIGINS',
  'FAILPOINTS_FOLDER',
  'FIRST_TENANT_MAX_PARALLEL_PROVISIONS',
  'FIRST_TENANT_MAX_STORES',
  'GOOGLE_CLIENT_ID',
  'GOOGLE_CLIENT_SECRET',
  'GOOGLE_CLIENT_SECRET_FILE',
  'LOG_LEVEL',
  'MAIL_CREDENTIALS',
  'MAIL_ENABLED',
  'MAIL_FROM',
  'MAX_PARALLEL_PROVISIONS',
  'NEW_TENANT_MAX_STORES',
  'OIDC_PROVIDERS_FILE',
  'PLATFORM_MAX_STORES',
  'SIGN_INS_PER_MINUTE',
  'SIGN_UP_DOMAINS',
  'SMTP_URL',
  'SMTP_URL_FILE',
  'STORE_CREATES_PER_HOUR',
  'SWEEP_INTERVAL_SECONDS',
  'TOKEN_REQUESTS_PER_MINUTE',
  'WORKER_CONCURRENCY',
];

function fromEnvironment(names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => names.includes(name)));
}
