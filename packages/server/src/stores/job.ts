// A job on the wire.
import type { Job as WireJob } from '@souk/contract';
import type { Job } from '../jobs/job-queries.ts';

export function toJob(job: Job): WireJob {
  return {
    id: job.id,
    kind: job.kind,
    subject: job.subject,
    state: job.state,
    attempt: job.attempt,
    error: job.error,
    runAt: job.runAt.toISOString(),
    createdAt: job.createdAt.toISOString(),
    startedAt: job.startedAt?.toISOString() ?? null,
    finishedAt: job.finishedAt?.toISOString() ?? null,
  };
}
