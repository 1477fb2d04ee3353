// Reads a release's state from the labels of the Secrets in which Helm keeps its history: one metadata-only listing instead of a
// process, and no content of a Secret is fetched. The labels are what Helm's own storage driver queries by.
import { RELEASE_STATUSES, type Release, type ReleaseStatus } from './helm.ts';

/** The label in which `upgrade` leaves its fingerprint. */
export const FINGERPRINT_LABEL = 'souk.dev/fingerprint';

/** Labels of one record: `owner=helm`, `name`, `version`, `status`, and ours. */
export type ReleaseRecord = Readonly<Record<string, string>>;

export function readNewestRelease(records: readonly ReleaseRecord[]): Release | null {
  const revisions = records
    .map((labels) => ({
      revision: Number(labels.version),
      status: toStatus(labels.status),
      fingerprint: labels[FINGERPRINT_LABEL] ?? null,
    }))
    .sort((a, b) => b.revision - a.revision);
  const newest = revisions[0];
  if (newest === undefined) {
    return null;
  }
  const deployed = revisions.find(({ status }) => status === 'deployed' || status === 'superseded');
  return { ...newest, lastDeployedRevision: deployed?.revision ?? null };
}

function toStatus(label: string | undefined): ReleaseStatus {
  return RELEASE_STATUSES.find((status) => status === label) ?? 'unknown';
}
