// What an engine must answer. An engine is one folder: an `engine.ts` that exports `engine`, a Helm chart, and images.
// Engines are pure: values in, facts out. They touch no database, no cluster and no clock; randomness is passed in, and what
// speaks to a shop (`verify`, `placeOrder`, `findOrder`) does so through a client that the caller supplies.
import type { PlanName, StoreId } from '@souk/contract';

/** One object that must be ready before the store's public address is tried. */
export interface Workload {
  readonly kind: 'Deployment' | 'StatefulSet';
  readonly name: string;
  /** Fewest and most pods; one when left out. Any other number was set from outside. */
  readonly replicas?: readonly [number, number];
}

export interface SecretInput {
  /** What the shop is called until its owner renames it. */
  readonly title: string;
  readonly adminEmail: string;
  /** The password given at create time; null means that the engine makes one. */
  readonly adminPassword: string | null;
  /** Cryptographic randomness: as many bytes as asked for. */
  readonly randomBytes: (count: number) => Uint8Array;
}

/** Secret name → key → value. `store-admin` is what the owner may see; everything else stays inside the namespace. */
export type StoreSecrets = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface ValuesInput {
  readonly storeId: StoreId;
  readonly tenantId: string;
  readonly plan: PlanName;
  /** Host names without port; the first is the store's own, the others always lead to it too. */
  readonly hosts: readonly string[];
  /** The domain that all stores of this cluster live under. */
  readonly baseDomain: string;
  /** How browsers reach the shop; decides whether its cookies may be limited to HTTPS. */
  readonly publicScheme: 'http' | 'https';
  readonly ingressClass: string;
  /** cert-manager's issuer for the shop's certificate, or null where TLS ends before the cluster. */
  readonly clusterIssuer: string | null;
  /** Null means the cluster's default class. */
  readonly storageClass: string | null;
  /** Whether pods get a user namespace of their own (`hostUsers: false`); the node must support it. */
  readonly hasUserNamespaces: boolean;
  /** Image name → reference that the node can start; holds at least the engine's `images`. */
  readonly images: Readonly<Record<string, string>>;
}

export interface ShopRequest {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON when given, or as a form when it is URLSearchParams. */
  readonly body?: unknown;
}

export interface ShopResponse {
  readonly status: number;
  readonly headers: Headers;
  text(): Promise<string>;
  json(): Promise<unknown>;
}

/** Speaks to one shop by its public address, as a shopper does. Redirects are not followed. */
export interface ShopClient {
  request(method: 'GET' | 'POST' | 'DELETE', path: string, request?: ShopRequest): Promise<ShopResponse>;
  /** One key of one of the store's own Secrets, e.g. the key that its shop API wants. */
  secret(name: string, key: string): Promise<string>;
}

export interface PasswordInput {
  /** The admin's login, as `store-admin` has it. */
  readonly username: string;
  readonly randomBytes: (count: number) => Uint8Array;
}

/** How a shop is given a new admin password: by a program where its logins are kept; once that has ended well, in its Secrets. */
export interface PasswordReset {
  /** Runs in a ready pod that has this container. It may run again with another password, after one that was cut off. */
  readonly program: {
    readonly container: string;
    readonly command: readonly string[];
    /** The only way for the password, or its hash, into the pod: arguments can be seen. */
    readonly input: string;
  };
  /** The keys that change, all others stay; `store-admin` among them. */
  readonly secrets: StoreSecrets;
}

export interface PlacedOrder {
  /** What the shop's own interfaces call it. */
  readonly orderId: string;
  /** The number that people see. */
  readonly displayId: string;
}

export interface Engine {
  /** The word in the API, in SQL and in labels: `^[a-z0-9-]{1,40}$`. */
  readonly name: string;
  readonly title: string;
  /** One line for whoever chooses between engines. */
  readonly summary: string;
  readonly version: string;
  /** Absolute path of the folder of its Helm chart. */
  readonly chartPath: string;
  /** Images without which no store of this engine can start. */
  readonly images: readonly string[];
  /** How long a store may take from requested to ready before it counts as stuck. */
  readonly provisionTimeoutMs: number;
  /** Path of the shop's administration on its own host, e.g. `/app`. */
  readonly adminPath: string;
  /** Everything that must be ready; it depends on the plan because a larger plan may run more parts. */
  workloads(plan: PlanName): readonly Workload[];
  /** Names of all Services of a store: its parts and the ingress find each other by them. */
  services(plan: PlanName): readonly string[];
  /** Called once in a store's life; the result is kept as Kubernetes Secrets outside the release and never made again. */
  secrets(input: SecretInput): Promise<StoreSecrets>;
  /** The full values of a release, every time; a unit test checks them against the chart's `values.schema.json`. */
  values(input: ValuesInput): Record<string, unknown>;
  /** Makes a new admin password. Left out by an engine whose shops cannot be given one from outside. */
  resetPassword?(input: PasswordInput): Promise<PasswordReset>;
  /** Does what a shopper does: lists a product and puts it into a cart. Throws an error whose message says what failed. */
  verify(shop: ShopClient): Promise<void>;
  /** Goes a shopper's whole way: looks, fills a cart, says where to, pays on delivery. Throws when the shop takes no order. */
  placeOrder(shop: ShopClient): Promise<PlacedOrder>;
  /**
   * Whether the merchant sees an order: logs in with the username and the password of `store-admin`, as given by
   * `shop.secret`, and asks for it. Throws when the login is refused.
   */
  findOrder(shop: ShopClient, orderId: string): Promise<boolean>;
}

/** Where every engine keeps what the owner may be shown: `username`, `password` and, if there is one, `publishableKey`. */
export const ADMIN_SECRET = 'store-admin';
/** What only the pods of the store read. */
export const INTERNAL_SECRET = 'store-internal';
