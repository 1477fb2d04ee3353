// What a `store.diagnosis_recorded` event tells, read with care: details are free-form on the wire.
import { z } from 'zod';

const diagnosisSchema = z.object({
  pods: z
    .array(
      z.object({
        name: z.string(),
        problem: z.string().catch(''),
        restarts: z.int().catch(0),
        log: z.string().catch(''),
      }),
    )
    .catch([]),
  warnings: z.array(z.string()).catch([]),
});
export type Diagnosis = z.infer<typeof diagnosisSchema>;

export function readDiagnosis(details: unknown): Diagnosis | null {
  return diagnosisSchema.safeParse(details).data ?? null;
}
