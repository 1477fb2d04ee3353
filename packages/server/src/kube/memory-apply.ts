// How the double puts what is said of an object into what it is.

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is said replaces what is there; what is not said stays. */
export function mergeDeep(into: Record<string, unknown>, said: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...into };
  for (const [key, value] of Object.entries(said)) {
    const existing = merged[key];
    merged[key] = isRecord(existing) && isRecord(value) ? mergeDeep(existing, value) : value;
  }
  return merged;
}

/** Takes away what the last apply said and this one does not. */
export function withoutUnsaid(
  object: Record<string, unknown>,
  before: Record<string, unknown>,
  now: Record<string, unknown>,
): Record<string, unknown> {
  const kept = { ...object };
  for (const [key, value] of Object.entries(before)) {
    const next = now[key];
    const existing = kept[key];
    if (next === undefined) {
      delete kept[key];
    } else if (isRecord(value) && isRecord(next) && isRecord(existing)) {
      kept[key] = withoutUnsaid(existing, value, next);
    }
  }
  return kept;
}
