// A whole small world for tests of the reconcile: real Postgres, the doubles of Kube and Helm, a few lines that act as a cluster's
// controllers, and an engine of two workloads. Attempts are run one by one, as a worker's queue would.
import { createHash, randomBytes } from 'node:crypto';
import type { PlanName, StoreId } from '@souk/contract';
import { sql } from 'kysely';
import { createTestDatabase, type TestDatabase } from '../db/test-database.ts';
import type { Engine, ValuesInput } from '../engines/engine.ts';
import type { LoadedEngine } from '../engines/registry.ts';
import { LeaseLostError, TerminalError } from '../errors.ts';
import { appendEvent } from '../events/event-queries.ts';
import { armFailpoint, armFailpoints } from '../failpoint.ts';
import { createMemoryHelm, type MemoryHelm } from '../helm/memory-helm.ts';
import { createMemorySink } from '../helm/memory-sink.ts';
import { newId, STORE_LABEL, storeIdOfNamespace, storeNamespace } from '../ids.ts';
import type { JobHandler, JobOutcome } from '../jobs/job-attempt.ts';
import { KubeError } from '../kube/kube-error.ts';
import { createMemoryKube, type MemoryKube } from '../kube/memory-kube.ts';
import { silentLog } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { wishPasswordReset } from '../stores/password-reset.ts';
import { insertSealedPassword, sealPassword } from '../stores/sealed-password.ts';
import { RECONCILE_STORE } from '../stores/store.ts';
import { createNewerWishes, type NewerWishes } from './newer-wishes.ts';
import { createStoreReconciler } from './reconcile-store.ts';
import type { StoreSettings, WatchWindows } from './store-scope.ts';

export const TENANT = 'ten_aaaaaaaaaa';
const CLUSTER = 'clu_aaaaaaaaaa';
const PLATFORM_KEY = randomBytes(32);
const SETTINGS: StoreSettings = {
  baseDomain: 'souk.localhost',
  publicScheme: 'http',
  publicPort: 8080,
  ingressUrl: 'http://127.0.0.1:1',
  ingressClass: 'souk',
  ingressNamespace: 'souk-ingress',
  ingressPodLabels: { 'app.kubernetes.io/name': 'souk-ingress' },
  workerSubject: { kind: 'User', name: 'souk:worker' },
  apiSubject: { kind: 'User', name: 'souk:api' },
  closedNetworks: ['203.0.113.7/32', '2001:db8:1::/48'],
  clusterIssuer: null,
  storageClass: null,
  hasUserNamespaces: false,
  images: {},
  platformKey: PLATFORM_KEY,
};

/** How the cluster of the next stores behaves. */
export type Weather = 'fine' | 'pods never ready' | 'pods crash';

/** Lost by its signal, as a watchdog does it, or by its clock alone. */
export interface TestLease {
  readonly signal: AbortSignal;
  readonly msLeft?: () => number;
}

export interface World extends TestDatabase {
  readonly kube: MemoryKube;
  readonly helm: MemoryHelm;
  readonly newerWishes: NewerWishes;
  readonly engines: ReadonlyMap<string, LoadedEngine>;
  readonly settings: StoreSettings;
  /** What a worker's queue is given for its jobs. */
  readonly reconcile: JobHandler;
  /** What the engine was given for its values, each time. */
  readonly valuesInputs: readonly ValuesInput[];
  setWeather(weather: Weather): void;
  setShopProblem(problem: string | null): void;
  setProvisionTimeout(timeoutMs: number): void;
  insertStore(options?: {
    readonly plan?: PlanName;
    readonly password?: string;
    readonly keepFailed?: boolean;
  }): Promise<StoreId>;
  wishDeleted(storeId: StoreId): Promise<void>;
  wishRetried(storeId: StoreId): Promise<void>;
  /** Agrees to the error that the store shows. */
  wishRepaired(storeId: StoreId): Promise<void>;
  /** As the watch tells it. */
  tellDrift(storeId: StoreId): Promise<void>;
  /** From now on this platform would install another version. */
  setEngineVersion(version: string): void;
  wishPasswordReset(storeId: StoreId): Promise<void>;
  /** One attempt, with a fence of its own; after another worker fell silent, where one is named. A lease that is lost aborts it. */
  attempt(storeId: StoreId, lease?: TestLease, takenOverFrom?: string): Promise<JobOutcome>;
  /** One attempt whose worker dies at that failpoint; answers whether it got there. */
  attemptUntil(failpoint: string, storeId: StoreId): Promise<boolean>;
  /** Attempts until one completes or is terminal, as the queue would; answers how it ended. */
  settle(storeId: StoreId): Promise<'completed' | TerminalError>;
  readRow(storeId: StoreId): Promise<StoreRow>;
  eventTypes(storeId: StoreId): Promise<readonly string[]>;
}

export interface StoreRow {
  readonly phase: string;
  readonly generation: number;
  readonly observedGeneration: number;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly fence: number;
  readonly hasSealedPassword: boolean;
}

/** Windows are short already; a test that cares for no slow start may shorten them further. */
export async function createWorld(windows: Partial<WatchWindows> = {}): Promise<World> {
  const database = await createTestDatabase();
  const { db } = database;
  await sql`insert into tenants (id, name) values (${TENANT}, 'a tenant')`.execute(db);
  await sql`insert into clusters (id, name, base_domain) values (${CLUSTER}, 'local', 'souk.localhost')`.execute(db);
  const kube = createMemoryKube();
  const helm = createMemoryHelm(createMemorySink(kube), ({ values, namespace }) => {
    const metadata = { labels: { [STORE_LABEL]: storeIdOfNamespace(namespace) } };
    return [
      { kind: 'Service', name: 'front', fields: { metadata } },
      { kind: 'Deployment', name: 'front', fields: { metadata, spec: { replicas: 1, version: values.version } } },
      { kind: 'StatefulSet', name: 'database', fields: { metadata, spec: { replicas: 1 } } },
      { kind: 'Ingress', name: 'shop', fields: { metadata } },
    ];
  });
  let weather: Weather = 'fine';
  let shopProblem: string | null = null;
  let provisionTimeoutMs = 60_000;
  const valuesInputs: ValuesInput[] = [];
  let version = '1.0.0';
  actAsControllers(kube, () => weather);
  const engine: Engine = {
    name: 'test-shop',
    title: 'Test shop',
    summary: 'Sells a mug',
    version: '1.0.0',
    // Only read for its digest; the double of Helm renders by itself.
    chartPath: import.meta.dirname,
    images: [],
    get provisionTimeoutMs() {
      return provisionTimeoutMs;
    },
    adminPath: '/admin',
    workloads: () => [
      { kind: 'StatefulSet', name: 'database' },
      { kind: 'Deployment', name: 'front' },
    ],
    services: () => ['front'],
    secrets: async ({ adminEmail, adminPassword }) => {
      const password = adminPassword ?? randomBytes(12).toString('hex');
      return {
        'store-admin': { username: adminEmail, password },
        'store-internal': { passwordHash: hashOf(password) },
      };
    },
    values: (input) => {
      valuesInputs.push(input);
      return { hosts: [...input.hosts], plan: input.plan, version };
    },
    resetPassword: async ({ username }) => {
      const password = randomBytes(12).toString('hex');
      return {
        program: { container: 'front', command: ['set-password', username], input: JSON.stringify({ password }) },
        secrets: { 'store-admin': { password }, 'store-internal': { passwordHash: hashOf(password) } },
      };
    },
    placeOrder: async () => ({ orderId: '1', displayId: '1' }),
    findOrder: async () => true,
    verify: async () => {
      if (shopProblem !== null) {
        throw new Error(shopProblem);
      }
    },
  };
  const newerWishes = createNewerWishes(db, silentLog());
  const engines = new Map([[engine.name, { engine, available: true, reason: null }]]);
  const reconcile = createStoreReconciler({
    db,
    kube,
    helm,
    engines,
    settings: SETTINGS,
    windows: { workloadsMs: 1_000, shortestMs: 200, goneMs: 300, logMs: 300, ...windows },
    newerWishes,
    log: silentLog(),
    metrics: createMetrics('test'),
  });

  async function attempt(
    storeId: StoreId,
    lease: TestLease = new AbortController(),
    takenOverFrom: string | null = null,
  ): Promise<JobOutcome> {
    const { rows } = await sql<{ fence: number }>`select nextval('fences') as fence`.execute(db);
    return await reconcile({
      job: { id: 'job_aaaaaaaaaa', kind: RECONCILE_STORE, subject: storeId, attempt: 0 },
      fence: rows[0]?.fence ?? 0,
      leaseOwner: 'a worker',
      takenOverFrom,
      signal: lease.signal,
      leaseMsLeft: lease.msLeft ?? (() => 9_000),
    });
  }

  return {
    ...database,
    kube,
    helm,
    newerWishes,
    engines,
    settings: SETTINGS,
    reconcile,
    valuesInputs,
    attempt,
    setWeather: (value) => {
      weather = value;
      if (value === 'fine') restartPods(kube);
    },
    setShopProblem: (value) => {
      shopProblem = value;
    },
    setProvisionTimeout: (value) => {
      provisionTimeoutMs = value;
    },
    async insertStore({ plan = 'standard', password, keepFailed = false } = {}) {
      const id = newId('sto');
      await sql`
        insert into stores (id, tenant_id, cluster_id, name, created_by, engine, engine_version, plan, admin_email,
          keep_failed)
        values (${id}, ${TENANT}, ${CLUSTER}, ${`shop-${id.slice(4)}`}, 'tok_aaaaaaaaaa', 'test-shop', '1.0.0', ${plan},
          'owner@example.org', ${keepFailed})`.execute(db);
      if (password !== undefined) {
        await db.transaction().execute((tx) => insertSealedPassword(tx, id, sealPassword(PLATFORM_KEY, id, password)));
      }
      return id;
    },
    async wishDeleted(storeId) {
      await sql`
        update stores set desired_phase = 'deleted', deletion_requested_at = now(), generation = generation + 1
        where id = ${storeId}`.execute(db);
    },
    async wishRetried(storeId) {
      await sql`update stores set generation = generation + 1 where id = ${storeId}`.execute(db);
    },
    async wishRepaired(storeId) {
      await sql`
        update stores set generation = generation + 1, repair_generation = generation + 1, repair_code = error_code
        where id = ${storeId}`.execute(db);
    },
    async tellDrift(storeId) {
      const event = {
        type: 'store.drift_detected',
        tenantId: TENANT,
        storeId,
        actor: 'watch',
        message: 'drift',
      } as const;
      await db.transaction().execute((tx) => appendEvent(tx, event));
    },
    setEngineVersion: (value) => {
      version = value;
    },
    async wishPasswordReset(storeId) {
      await db.transaction().execute((tx) => wishPasswordReset(tx, storeId, 'tok_aaaaaaaaaa'));
    },
    async attemptUntil(failpoint, storeId) {
      const lease = new AbortController();
      let isReached = false;
      armFailpoint(failpoint, async () => {
        isReached = true;
        armFailpoints('');
        lease.abort(new LeaseLostError(`died at ${failpoint}`));
        lease.signal.throwIfAborted();
      });
      await attempt(storeId, lease).catch(() => undefined);
      armFailpoints('');
      return isReached;
    },
    async settle(storeId) {
      for (let tries = 0; tries < 20; tries += 1) {
        try {
          const outcome = await attempt(storeId);
          if (outcome.outcome === 'completed') {
            return 'completed';
          }
        } catch (error) {
          if (error instanceof TerminalError) {
            return error;
          }
          if (error instanceof LeaseLostError) {
            throw error;
          }
        }
      }
      throw new Error(`store ${storeId} did not settle in 20 attempts`);
    },
    async readRow(storeId) {
      const { rows } = await sql<StoreRow>`
        select phase, generation, observed_generation as "observedGeneration", error_code as "errorCode",
          error_message as "errorMessage", fence,
          exists (select 1 from sealed_passwords where store_id = stores.id) as "hasSealedPassword"
        from stores where id = ${storeId}`.execute(db);
      const [row] = rows;
      if (row === undefined) {
        throw new Error(`there is no store ${storeId}`);
      }
      return row;
    },
    async eventTypes(storeId) {
      const { rows } = await sql<{ line: string }>`
        select concat_ws(' ', type, step) as line from events where store_id = ${storeId} order by cursor`.execute(db);
      return rows.map(({ line }) => line);
    },
  };
}

export function hashOf(password: string): string {
  return createHash('sha256').update(password).digest('hex');
}

/** What is in the cluster of one store, with its own name taken out, so that two stores can be compared. */
export function objectsOf(world: Pick<World, 'kube'>, storeId: StoreId): readonly string[] {
  const namespace = storeNamespace(storeId);
  return world.kube
    .describe()
    .filter((line) => line.includes(namespace))
    .map((line) => line.replaceAll(namespace, 'NAMESPACE'));
}

/** Pods, claims and volumes come and go with what asks for them. */
function actAsControllers(kube: MemoryKube, weatherNow: () => Weather): void {
  kube.onChange((kind, type, { metadata }) => {
    const { name, namespace = '' } = metadata;
    if (type === 'ADDED' && (kind === 'Deployment' || kind === 'StatefulSet')) {
      setImmediate(() => startPod(kube, weatherNow(), kind, { name, namespace }));
    }
    if (type === 'DELETED' && (kind === 'Deployment' || kind === 'StatefulSet')) {
      kube.remove('Pod', { namespace, name: `${name}-0` });
    }
    if (type === 'DELETED' && kind === 'Pod') {
      setImmediate(() => replacePod(kube, weatherNow(), { name: name.replace(/-0$/, ''), namespace }));
    }
    if (type === 'DELETED' && kind === 'PersistentVolumeClaim') {
      setImmediate(() => kube.remove('PersistentVolume', { name: `pv-${namespace}-${name}` }));
    }
  });
}

function replacePod(
  kube: MemoryKube,
  weather: Weather,
  ref: { readonly name: string; readonly namespace: string },
): void {
  try {
    for (const owner of ['Deployment', 'StatefulSet'] as const) startPod(kube, weather, owner, ref);
  } catch (error) {
    // In a namespace that is going nothing is made, by controllers either.
    if (!(error instanceof KubeError && error.status === 403)) throw error;
  }
}

/** As a kubelet does again and again: what crashed comes up once it can. */
function restartPods(kube: MemoryKube): void {
  for (const line of kube.describe()) {
    const [, kind, namespace = '', name = ''] = /^(Deployment|StatefulSet) (.+)\/(.+)$/.exec(line) ?? [];
    if (kind !== undefined) startPod(kube, 'fine', kind as 'Deployment' | 'StatefulSet', { name, namespace });
  }
}

function startPod(
  kube: MemoryKube,
  weather: Weather,
  kind: 'Deployment' | 'StatefulSet',
  { name, namespace }: { readonly name: string; readonly namespace: string },
): void {
  if (!kube.describe().includes(`${kind} ${namespace}/${name}`)) {
    return;
  }
  if (kind === 'StatefulSet') {
    const labels = { 'souk.dev/store': 'x' };
    kube.put('PersistentVolumeClaim', { name: `data-${name}-0`, namespace }, { metadata: { labels } });
    kube.put('PersistentVolume', { name: `pv-${namespace}-data-${name}-0` }, { spec: { claimRef: { namespace } } });
  }
  const isReady = weather === 'fine';
  const crash = { waiting: { reason: 'CrashLoopBackOff' } };
  kube.put(
    'Pod',
    { name: `${name}-0`, namespace },
    {
      metadata: { labels: { 'souk.dev/store': 'x' } },
      spec: { containers: [{ name }] },
      status: {
        phase: isReady ? 'Running' : 'Pending',
        conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
        containerStatuses: [
          {
            name,
            ready: isReady,
            restartCount: weather === 'pods crash' ? 4 : 0,
            state: weather === 'pods crash' ? crash : {},
          },
        ],
      },
    },
  );
  const count = isReady ? 1 : 0;
  const status = { replicas: 1, updatedReplicas: 1, availableReplicas: count, readyReplicas: count };
  kube.put(kind, { name, namespace }, { status });
}
