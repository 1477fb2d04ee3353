// Stores that are only objects and rows: everything that the watch and the sweep look at, and nothing that runs. Their pods ask for
// nodes that are only played, so they cost the real one nothing.

import type { Db } from '@souk/server/db/database.ts';
import { newId, storeNamespace } from '@souk/server/ids.ts';
import type { Kind, Manifest } from '@souk/server/kube/kinds.ts';
import type { Kube } from '@souk/server/kube/kube.ts';
import { guardrailObjects } from '@souk/server/reconcile/guardrail-objects.ts';
import type { StoreSettings } from '@souk/server/reconcile/store-scope.ts';
import { storeLabels } from '@souk/server/reconcile/store-scope.ts';
import { SEAL_ANNOTATION, sealSecret } from '@souk/server/stores/secret-seal.ts';
import { PLANS } from '@souk/server/tenants/plans.ts';
import { sql } from 'kysely';
import { ON_FAKE_NODES } from './fake-nodes.ts';

const TENANT = 'ten_benchbench';
const CLUSTER = 'clu_benchbench';
export const LABEL = 'souk.dev/benchmark=sweep';

export type GuardrailSettings = Pick<
  StoreSettings,
  'ingressNamespace' | 'ingressPodLabels' | 'apiSubject' | 'closedNetworks'
>;

export async function prepareTenant(db: Db, tokenHash: Buffer): Promise<void> {
  await sql`insert into tenants (id, name, max_stores) values (${TENANT}, 'sweep', 100000)`.execute(db);
  await sql`insert into tokens (id, tenant_id, name, token_hash) values ('tok_benchbench', ${TENANT}, 'sweep', ${tokenHash})`.execute(
    db,
  );
  await sql`insert into clusters (id, name, base_domain) values (${CLUSTER}, 'local', 'bench.localhost')`.execute(db);
}

/** One store, in the cluster and then as a ready row. Answers its id. */
export async function loadStore(db: Db, kube: Kube, platformKey: Buffer, settings: GuardrailSettings): Promise<string> {
  const id = newId('sto');
  const namespace = storeNamespace(id);
  const store = { id, tenantId: TENANT, engine: 'bench-shop' };
  const labels = storeLabels(store);
  const [benchLabel = '', benchValue = ''] = LABEL.split('=');
  const made = await kube.apply('Namespace', {
    metadata: { name: namespace, labels: { ...labels, [benchLabel]: benchValue } },
  });
  const inside = (kind: Kind, name: string, rest: Record<string, unknown>, more: Partial<Manifest['metadata']> = {}) =>
    kube.createIfAbsent(kind, { metadata: { name, namespace, labels, ...more }, ...rest });
  for (const { kind, manifest } of guardrailObjects(
    { store, namespace, settings: settings as StoreSettings },
    PLANS.small,
    [],
  )) {
    await kube.apply(kind, manifest);
  }
  const data = { username: 'a', password: id };
  const seal = sealSecret(platformKey, { storeId: id, name: 'store-admin', data });
  const record = { owner: 'helm', name: namespace, version: '1', status: 'deployed' };
  await inside(
    'Secret',
    'store-admin',
    { stringData: data },
    {
      labels: { ...labels, 'souk.dev/credentials': 'complete' },
      annotations: { [SEAL_ANNOTATION]: seal },
    },
  );
  await inside('Secret', `sh.helm.release.v1.${namespace}.v1`, { type: 'helm.sh/release.v1' }, { labels: record });
  await inside('Deployment', 'front', { spec: deploymentSpec(labels) });
  await inside('Service', 'front', { spec: { selector: { app: 'front' }, ports: [{ port: 80 }] } });
  await inside('Ingress', 'shop', { spec: ingressSpec(namespace) });
  await sql`
    insert into stores (id, tenant_id, cluster_id, name, created_by, engine, engine_version, plan, admin_email, phase, ready_at,
      observed_generation, endpoint, namespace_uid)
    values (${id}, ${TENANT}, ${CLUSTER}, ${`bench-${id.slice(4)}`}, 'tok_benchbench', 'bench-shop', '1.0.0', 'small',
      'a@example.org', 'ready', now(), 1, 'http://bench.invalid', ${made.metadata.uid})`.execute(db);
  return id;
}

function deploymentSpec(labels: Record<string, string>): Record<string, unknown> {
  const app = { app: 'front' };
  const resources = { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '50m', memory: '32Mi' } };
  const securityContext = {
    allowPrivilegeEscalation: false,
    runAsNonRoot: true,
    runAsUser: 65_534,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  };
  return {
    replicas: 1,
    selector: { matchLabels: app },
    template: {
      metadata: { labels: { ...labels, ...app } },
      spec: {
        ...ON_FAKE_NODES,
        automountServiceAccountToken: false,
        containers: [{ name: 'front', image: 'bench.invalid/front:1', resources, securityContext }],
      },
    },
  };
}

function ingressSpec(namespace: string): Record<string, unknown> {
  const backend = { service: { name: 'front', port: { number: 80 } } };
  // Of no controller: what is measured is Souk.
  return {
    ingressClassName: 'souk-bench',
    rules: [{ host: `${namespace}.bench.localhost`, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
  };
}
