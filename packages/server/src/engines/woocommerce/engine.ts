// The WooCommerce engine: how a WooCommerce store is made. MariaDB, and WordPress behind nginx and PHP-FPM, by `charts/woocommerce`.
import { fileURLToPath } from 'node:url';
import type { StoreId } from '@souk/contract';
import {
  ADMIN_SECRET,
  type Engine,
  INTERNAL_SECRET,
  type SecretInput,
  type StoreSecrets,
  type ValuesInput,
} from '../engine.ts';
import { randomHex, randomPassword } from '../random.ts';
import { findOrder, placeOrder } from './order.ts';
import { hashPassword } from './password-hash.ts';
import { SIZES } from './sizes.ts';
import { verifyShop } from './verify-shop.ts';

const IMAGES = { web: 'woocommerce', database: 'woocommerce-database' } as const;

// WordPress signs sessions, nonces and more with these; with none of them given it would make them up and keep them in the database.
const SALTS = [
  'authKey',
  'secureAuthKey',
  'loggedInKey',
  'nonceKey',
  'authSalt',
  'secureAuthSalt',
  'loggedInSalt',
  'nonceSalt',
];
const SALT_BYTES = 32;
// What is due in a shop is rarely due to the minute.
const CRON_EVERY_MINUTES = 15;

export const engine: Engine = {
  name: 'woocommerce',
  title: 'WooCommerce',
  summary: 'WordPress with WooCommerce',
  version: '11.0.1',
  chartPath: fileURLToPath(new URL('../../../../../charts/woocommerce', import.meta.url)),
  images: Object.values(IMAGES),
  provisionTimeoutMs: 10 * 60_000,
  adminPath: '/wp-admin',
  workloads: (plan) => [
    { kind: 'StatefulSet', name: 'database' },
    { kind: 'Deployment', name: 'web', replicas: [SIZES[plan].web.replicas, SIZES[plan].web.replicas] },
  ],
  services: () => ['database', 'web'],
  secrets,
  values,
  verify: verifyShop,
  placeOrder,
  findOrder,
};

async function secrets({ title, adminEmail, adminPassword, randomBytes }: SecretInput): Promise<StoreSecrets> {
  const password = adminPassword ?? randomPassword(randomBytes);
  return {
    // WordPress takes the address for the login's name.
    [ADMIN_SECRET]: { username: adminEmail, password },
    // The pods get this Secret alone: none of them ever holds the admin's password itself.
    [INTERNAL_SECRET]: {
      title,
      adminEmail,
      adminPasswordHash: await hashPassword(password, randomBytes),
      databasePassword: randomPassword(randomBytes),
      ...Object.fromEntries(SALTS.map((name) => [name, randomHex(randomBytes, SALT_BYTES)])),
    },
  };
}

function values(input: ValuesInput): Record<string, unknown> {
  const sizes = structuredClone(SIZES[input.plan]);
  return {
    store: { id: input.storeId, tenantId: input.tenantId },
    hosts: [...input.hosts],
    baseDomain: input.baseDomain,
    scheme: input.publicScheme,
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
    cron: { ...sizes.cron, schedule: scheduleOf(input.storeId), enabled: true },
  };
}

/** Every quarter of an hour, at a minute of the store's own: a hundred stores would else all wake at once. */
function scheduleOf(storeId: StoreId): string {
  const spread = [...storeId].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_003, 7);
  return `${spread % CRON_EVERY_MINUTES}-59/${CRON_EVERY_MINUTES} * * * *`;
}
