// A job and a step on the wire. Jobs are the durable units of work of a store; steps are the moves inside one attempt.
import { z } from 'zod';

export const JOB_STATES = ['available', 'running', 'waiting', 'completed', 'discarded', 'cancelled'] as const;
export const jobStateSchema = z.enum(JOB_STATES);
export type JobState = z.infer<typeof jobStateSchema>;

export const jobSchema = z.object({
  id: z.string().meta({ example: 'job_5r1v8c2m0z' }),
  kind: z.string().meta({ example: 'reconcile-store' }),
  subject: z.string(),
  state: jobStateSchema,
  attempt: z.int(),
  error: z.string().nullable(),
  runAt: z.iso.datetime(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
});
export type Job = z.infer<typeof jobSchema>;
export const jobListSchema = z.object({ items: z.array(jobSchema) });
