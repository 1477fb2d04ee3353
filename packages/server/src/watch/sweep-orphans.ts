// Namespaces that carry our label and belong to no live store. Each is told of when it is first seen. It is removed only when nothing
// of value can be in it, after two sweeps have seen it, and after one more look at row and namespace: either its store was deleted on
// purpose and this is a remainder, or no store ever had its id, one of our tenants is named on it, and it holds no volume claim. What
// comes from another installation, or from a time that this database has forgotten, is left to a person.
import { type Db, inTransaction } from '../db/database.ts';
import { messageOf } from '../errors.ts';
import { appendEvent } from '../events/event-queries.ts';
import { withFailpoints } from '../failpoint.ts';
import { storeIdOfNamespace } from '../ids.ts';
import type { NamespaceObject } from '../kube/kinds.ts';
import type { Kube } from '../kube/kube.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { hasTenant, isOrphanTold, isTermOver, readOwners } from './observed-health.ts';

const SIGHTINGS_TO_REMOVE = 2;

export interface OrphanSweeperOptions {
  readonly db: Db;
  readonly kube: Kube;
  readonly actor: string;
  readonly fence: number;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** A look may come while a sweep is under way; one sweep comes after another. */
export interface OrphanSweeper {
  /** Tells of orphans among these. */
  look(namespaces: readonly NamespaceObject[], signal: AbortSignal): Promise<void>;
  /** Looks at all there are, counts the sighting, and removes what was seen often enough. */
  sweep(namespaces: readonly NamespaceObject[], signal: AbortSignal): Promise<void>;
}

interface Owner {
  /** The tenant that the database knows; null where it knows neither the store nor the tenant named on the namespace. */
  readonly tenantId: string | null;
  /** Null where no store ever had that id. */
  readonly storeId: string | null;
}

interface Orphan {
  readonly namespace: NamespaceObject;
  readonly owner: Owner;
}

export function createOrphanSweeper(options: OrphanSweeperOptions): OrphanSweeper {
  const { db, kube, log, metrics } = options;
  const sightings = new Map<string, number>();
  const foreign = new Set<string>();

  async function findOrphans(namespaces: readonly NamespaceObject[]): Promise<readonly Orphan[]> {
    const staying = namespaces.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const ids = staying.flatMap(({ metadata }) => storeIdOfNamespace(metadata.name) ?? []);
    const owners = ids.length === 0 ? new Map() : await readOwners(db, ids);
    const orphans: Orphan[] = [];
    for (const namespace of staying) {
      const storeId = storeIdOfNamespace(namespace.metadata.name);
      const row = storeId === null ? undefined : owners.get(storeId);
      if (row === undefined) {
        orphans.push({ namespace, owner: { storeId: null, tenantId: await knownTenant(namespace) } });
      } else if (row.isDeleted) {
        orphans.push({ namespace, owner: { storeId, tenantId: row.tenantId } });
      }
    }
    return orphans;
  }

  async function knownTenant({ metadata }: NamespaceObject): Promise<string | null> {
    const named = metadata.labels?.['souk.dev/tenant'];
    return named !== undefined && (await hasTenant(db, named)) ? named : null;
  }

  async function tell(orphan: Orphan): Promise<void> {
    const { name, uid } = orphan.namespace.metadata;
    if (sightings.has(uid)) {
      return;
    }
    // Before it is told, because a look and a sweep may find it at the same time.
    sightings.set(uid, 0);
    const why = orphan.owner.storeId === null ? 'no store has its id' : 'its store was deleted';
    log.error({ namespace: name, why }, 'a namespace carries our label and belongs to no live store');
    try {
      await record(orphan, 'store.orphan_found', `The namespace ${name} is there although ${why}`);
    } catch (error) {
      sightings.delete(uid);
      throw error;
    }
  }

  /** Once for each namespace: the next leader begins to count anew, and must not tell it all again. */
  async function record(
    { owner, namespace }: Orphan,
    type: 'store.orphan_found' | 'store.orphan_removed',
    message: string,
  ): Promise<void> {
    const { tenantId, storeId } = owner;
    if (tenantId !== null) {
      const { name, uid } = namespace.metadata;
      const details = { namespace: name, uid };
      await inTransaction(db, async (tx) => {
        if (!(await isOrphanTold(tx, { type, tenantId, uid }))) {
          await appendEvent(tx, { type, tenantId, storeId, actor: options.actor, message, details });
        }
      });
    }
  }

  async function hasVolumes(orphan: Orphan, signal: AbortSignal): Promise<boolean> {
    const claims = await kube.listMetadata(
      'PersistentVolumeClaim',
      { namespace: orphan.namespace.metadata.name },
      signal,
    );
    return claims.items.length > 0;
  }

  function tellLeft({ namespace }: Orphan, why: string): void {
    log.error({ namespace: namespace.metadata.name, why }, 'the namespace is left; look at it, then delete it by hand');
  }

  async function remove(seen: Orphan, signal: AbortSignal): Promise<void> {
    const { name, uid } = seen.namespace.metadata;
    // Fresh, all of it: a store may have been given this id, or a person the namespace, since the last listing.
    const fresh = await kube.get('Namespace', { name }, signal);
    const [orphan] = fresh?.metadata.uid === uid ? await findOrphans([fresh]) : [];
    if (orphan === undefined || orphan.owner.tenantId === null) {
      return;
    }
    if (orphan.owner.storeId === null && (await hasVolumes(orphan, signal))) {
      tellLeft(orphan, 'it holds volumes of a store that nobody deleted');
      return;
    }
    if (await isTermOver(db, options.fence)) {
      return;
    }
    // Told before it is done: whoever dies in between leaves a namespace that the next leader deletes, and nothing that nobody tells.
    await record(orphan, 'store.orphan_removed', `The orphaned namespace ${name} is being removed`);
    await withFailpoints('delete-orphan', () => kube.delete('Namespace', { name }, { uid }, signal));
    log.warn({ namespace: name }, 'an orphaned namespace is removed');
  }

  return {
    async look(namespaces) {
      for (const orphan of await findOrphans(namespaces)) {
        await tell(orphan);
      }
    },
    async sweep(namespaces, signal) {
      // Taken now: of what a look tells while the rows are read, these namespaces know nothing yet.
      const before = [...sightings.keys()];
      const orphans = await findOrphans(namespaces);
      metrics.orphans.set(orphans.length);
      const present = new Set(orphans.map(({ namespace }) => namespace.metadata.uid));
      for (const uid of before) {
        if (!present.has(uid)) {
          sightings.delete(uid);
          foreign.delete(uid);
        }
      }
      for (const orphan of orphans) {
        await tell(orphan);
        const { uid } = orphan.namespace.metadata;
        const count = (sightings.get(uid) ?? 0) + 1;
        sightings.set(uid, count);
        if (orphan.owner.tenantId === null) {
          // Of another installation, which may have thousands: said once, and not asked for again at every sweep.
          if (!foreign.has(uid)) {
            foreign.add(uid);
            tellLeft(orphan, 'it names no tenant of this installation');
          }
        } else if (count >= SIGHTINGS_TO_REMOVE) {
          await remove(orphan, signal).catch((error: unknown) => {
            signal.throwIfAborted();
            // One that the cluster will not let go must not keep the watch from all else; the next sweep tries again.
            const { name: namespace } = orphan.namespace.metadata;
            log.error({ namespace, reason: messageOf(error) }, 'an orphaned namespace could not be removed');
          });
        }
      }
    },
  };
}
