// The steps of a store's two ways, in order: what "3 of 6" counts. Events name them in `step`.

export const BRING_UP_STEPS = [
  'ensureNamespace',
  'ensureGuardrails',
  'ensureCredentials',
  'installRelease',
  'awaitWorkloads',
  'verifyStorefront',
] as const;

export const TEAR_DOWN_STEPS = ['removeRoute', 'uninstallRelease', 'deleteNamespace', 'confirmGone'] as const;

export type StepName = (typeof BRING_UP_STEPS)[number] | (typeof TEAR_DOWN_STEPS)[number];

/** Where a step stands on its way; null for a name that is on neither. */
export function placeOfStep(step: string): { readonly position: number; readonly of: number } | null {
  for (const steps of [BRING_UP_STEPS, TEAR_DOWN_STEPS] as const) {
    const index = (steps as readonly string[]).indexOf(step);
    if (index !== -1) return { position: index + 1, of: steps.length };
  }
  return null;
}
