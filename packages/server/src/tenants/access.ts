// Who asks, and what a route asks of them. Every route states its access and, when it changes something, the action that the audit
// log calls it; `http/access-rules.ts` refuses to register one that does not.
import type { Access, Role, Scope } from '@souk/contract';

/** Whoever was recognised, before it is known which tenant the request is about. */
export interface Caller {
  /** `per_…` of a signed-in person, `tok_…` of a token: what events and audit entries call them. */
  readonly id: string;
  readonly name: string;
  /** Null for a token that belongs to no person. */
  readonly personId: string | null;
  /** Null for a token. */
  readonly sessionId: string | null;
  /** Null for a session, which may do whatever its person may. */
  readonly scopes: readonly Scope[] | null;
  readonly isPlatformAdmin: boolean;
  readonly memberships: readonly CallerMembership[];
}

export interface CallerMembership {
  readonly tenantId: string;
  readonly tenantName: string;
  readonly role: Role;
}

/** A caller within one tenant: everything that a request may see or change is that tenant's. */
export interface Actor {
  readonly id: string;
  readonly personId: string | null;
  readonly tenantId: string;
  readonly role: Role;
  /** As in `Caller`. */
  readonly scopes: readonly Scope[] | null;
  readonly isPlatformAdmin: boolean;
}

export const ACCESS = {
  all: { for: 'all' },
  person: { for: 'person' },
  platform: { for: 'platform' },
  readStores: { for: 'tenant', role: 'viewer', scope: 'stores:read' },
  writeStores: { for: 'tenant', role: 'member', scope: 'stores:write' },
  /** Members see who else is there and keep their own tokens; a token needs the scope for it. */
  readTenant: { for: 'tenant', role: 'viewer', scope: 'admin' },
  administerTenant: { for: 'tenant', role: 'admin', scope: 'admin' },
} as const satisfies Record<string, Access>;

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly access?: Access;
    /** What the audit log calls it, e.g. `store.create`; null for a POST that changes nothing. */
    readonly audit?: string | null;
  }
}
