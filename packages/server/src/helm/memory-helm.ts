// The one double of `Helm`, for tests. It keeps its records as Secrets in the cluster it is given, as Helm does, so that whatever
// looks for leftovers sees them; and it refuses what Helm refuses: changes of a pending release, upgrades of one never deployed.
import type { ActionLease, Helm, Release, ReleaseRef, ReleaseUpgrade } from './helm.ts';
import { isPending } from './helm.ts';
import { HelmError } from './helm-error.ts';
import { FINGERPRINT_LABEL, type ReleaseRecord, readNewestRelease } from './release-records.ts';

export interface RenderedObject {
  readonly kind: string;
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Where the double puts objects; the double of `Kube` has this shape. */
export interface ObjectSink {
  put(kind: string, ref: ReleaseRef, fields: Readonly<Record<string, unknown>>): void;
  remove(kind: string, ref: ReleaseRef): void;
  listLabels(kind: string, namespace: string, labels: string): Promise<readonly ReleaseRecord[]>;
}

export interface MemoryHelm extends Helm {
  /** The next change dies half-way, as a killed process does: its record stays pending and half of its objects are there. */
  killNext(): void;
  /** The next change fails with this on standard error, and its record says `failed`. */
  failNext(message: string): void;
}

export function createMemoryHelm(
  sink: ObjectSink,
  render: (upgrade: ReleaseUpgrade) => readonly RenderedObject[],
): MemoryHelm {
  const installed = new Map<string, readonly RenderedObject[]>();
  let next: { readonly kind: 'kill' } | { readonly kind: 'fail'; readonly message: string } | null = null;

  const keyOf = (ref: ReleaseRef): string => `${ref.namespace}/${ref.name}`;
  const recordName = (ref: ReleaseRef, revision: number): string => `sh.helm.release.v1.${ref.name}.v${revision}`;

  async function listRecords(ref: ReleaseRef): Promise<readonly ReleaseRecord[]> {
    return await sink.listLabels('Secret', ref.namespace, `owner=helm,name=${ref.name}`);
  }

  function writeRecord(ref: ReleaseRef, revision: number, status: string, fingerprint: string | null): void {
    const labels = {
      owner: 'helm',
      name: ref.name,
      version: String(revision),
      status,
      ...(fingerprint === null ? {} : { [FINGERPRINT_LABEL]: fingerprint }),
    };
    const fields = { type: 'helm.sh/release.v1', metadata: { labels } };
    sink.put('Secret', { namespace: ref.namespace, name: recordName(ref, revision) }, fields);
  }

  async function supersede(ref: ReleaseRef, before: number): Promise<void> {
    for (const labels of await listRecords(ref)) {
      if (labels.status === 'deployed' && Number(labels.version) < before) {
        writeRecord(ref, Number(labels.version), 'superseded', labels[FINGERPRINT_LABEL] ?? null);
      }
    }
  }

  function putObjects(ref: ReleaseRef, objects: readonly RenderedObject[]): void {
    for (const { kind, name, fields } of objects) {
      sink.put(kind, { namespace: ref.namespace, name }, fields);
    }
  }

  async function change(
    ref: ReleaseRef,
    newest: Release | null,
    pendingStatus: string,
    fingerprint: string | null,
    objects: readonly RenderedObject[],
  ): Promise<void> {
    const revision = (newest?.revision ?? 0) + 1;
    writeRecord(ref, revision, pendingStatus, fingerprint);
    const fate = next;
    next = null;
    if (fate?.kind === 'kill') {
      putObjects(ref, objects.slice(0, Math.ceil(objects.length / 2)));
      throw new HelmError('upgrade', 'signal: killed');
    }
    if (fate?.kind === 'fail') {
      writeRecord(ref, revision, 'failed', fingerprint);
      throw new HelmError('upgrade', `Error: ${fate.message}`);
    }
    putObjects(ref, objects);
    installed.set(keyOf(ref), objects);
    await supersede(ref, revision);
    writeRecord(ref, revision, 'deployed', fingerprint);
  }

  async function enter(ref: ReleaseRef, lease: ActionLease): Promise<Release | null> {
    lease.signal.throwIfAborted();
    return readNewestRelease(await listRecords(ref));
  }

  return {
    async readRelease(ref, signal) {
      signal?.throwIfAborted();
      return readNewestRelease(await listRecords(ref));
    },

    async upgrade(upgrade, lease) {
      const newest = await enter(upgrade, lease);
      if (newest !== null && isPending(newest)) {
        throw new HelmError(
          'upgrade',
          'Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress',
        );
      }
      if (newest !== null && newest.lastDeployedRevision === null && newest.status !== 'failed') {
        throw new HelmError('upgrade', `Error: UPGRADE FAILED: "${upgrade.name}" has no deployed releases`);
      }
      const pending = newest === null ? 'pending-install' : 'pending-upgrade';
      await change(upgrade, newest, pending, upgrade.fingerprint, render(upgrade));
    },

    async uninstall(ref, lease) {
      if ((await enter(ref, lease)) === null) {
        return;
      }
      for (const { kind, name } of installed.get(keyOf(ref)) ?? []) {
        sink.remove(kind, { namespace: ref.namespace, name });
      }
      for (const labels of await listRecords(ref)) {
        sink.remove('Secret', { namespace: ref.namespace, name: recordName(ref, Number(labels.version)) });
      }
      installed.delete(keyOf(ref));
    },

    async rollback(ref, revision, lease) {
      const records = await listRecords(ref);
      const target = records.find((labels) => Number(labels.version) === revision);
      if (target === undefined) {
        throw new HelmError('rollback', 'Error: release has no such revision');
      }
      const newest = await enter(ref, lease);
      const objects = installed.get(keyOf(ref)) ?? [];
      await change(ref, newest, 'pending-rollback', target[FINGERPRINT_LABEL] ?? null, objects);
    },

    killNext() {
      next = { kind: 'kill' };
    },

    failNext(message) {
      next = { kind: 'fail', message };
    },
  };
}
