// The Medusa engine: how a Medusa v2 store is made. PostgreSQL, Valkey, the backend and our own storefront, by `charts/medusa`.
// The key of the store's shop API is made here, first, and written into the database by its first start.
import { fileURLToPath } from 'node:url';
import type { PlanName } from '@souk/contract';
import {
  ADMIN_SECRET,
  type Engine,
  INTERNAL_SECRET,
  type SecretInput,
  type StoreSecrets,
  type ValuesInput,
  type Workload,
} from '../engine.ts';
import { randomHex, randomPassword } from '../random.ts';
import { findOrder, placeOrder } from './order.ts';
import { hashPassword } from './password-hash.ts';
import { resetPassword } from './reset-password.ts';
import { SIZES } from './sizes.ts';
import { verifyShop } from './verify-shop.ts';

const IMAGES = {
  backend: 'medusa',
  storefront: 'medusa-storefront',
  database: 'medusa-database',
  cache: 'valkey',
} as const;

export const engine: Engine = {
  name: 'medusa',
  title: 'Medusa',
  summary: 'Headless commerce with a storefront of its own',
  version: '2.18.0',
  chartPath: fileURLToPath(new URL('../../../../../charts/medusa', import.meta.url)),
  images: Object.values(IMAGES),
  provisionTimeoutMs: 10 * 60_000,
  adminPath: '/app',
  workloads,
  services: () => ['backend', 'cache', 'database', 'storefront'],
  secrets,
  values,
  resetPassword,
  verify: verifyShop,
  placeOrder,
  findOrder,
};

function workloads(plan: PlanName): readonly Workload[] {
  const { backend, storefront, worker } = SIZES[plan];
  const { enabled: isScaled, minReplicas, maxReplicas } = backend.autoscaling;
  const backends = isScaled ? ([minReplicas, maxReplicas] as const) : ([backend.replicas, backend.replicas] as const);
  const always: readonly Workload[] = [
    { kind: 'StatefulSet', name: 'database' },
    { kind: 'Deployment', name: 'cache' },
    { kind: 'Deployment', name: 'backend', replicas: backends },
    { kind: 'Deployment', name: 'storefront', replicas: [storefront.replicas, storefront.replicas] },
  ];
  return worker.enabled ? [...always, { kind: 'Deployment', name: 'worker' }] : always;
}

async function secrets({ title, adminEmail, adminPassword, randomBytes }: SecretInput): Promise<StoreSecrets> {
  const password = adminPassword ?? randomPassword(randomBytes);
  const publishableKey = `pk_${randomHex(randomBytes, 32)}`;
  return {
    [ADMIN_SECRET]: { username: adminEmail, password, publishableKey },
    // The pods get this Secret alone: none of them ever holds the admin's password itself.
    [INTERNAL_SECRET]: {
      title,
      adminEmail,
      adminPasswordHash: await hashPassword(password, randomBytes),
      publishableKey,
      databasePassword: randomPassword(randomBytes),
      jwtSecret: randomHex(randomBytes, 32),
      cookieSecret: randomHex(randomBytes, 32),
    },
  };
}

function values(input: ValuesInput): Record<string, unknown> {
  const sizes = structuredClone(SIZES[input.plan]);
  return {
    store: { id: input.storeId, tenantId: input.tenantId },
    hosts: [...input.hosts],
    images: {
      ...Object.fromEntries(Object.entries(IMAGES).map(([part, image]) => [part, input.images[image]])),
      pullPolicy: 'IfNotPresent',
      pullSecrets: [],
    },
    existingSecret: INTERNAL_SECRET,
    userNamespaces: input.hasUserNamespaces,
    storageClass: input.storageClass ?? '',
    ingress: { className: input.ingressClass, clusterIssuer: input.clusterIssuer ?? '' },
    ...sizes,
    backend: { ...sizes.backend, corsOrigins: [] },
  };
}
