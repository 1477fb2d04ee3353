// Compares what an object should say with what it says. Pure.

/** Whether everything that is wanted is there; the server adds defaults of its own. */
export function contains(found: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    const items = Array.isArray(found) ? found : [];
    return items.length === wanted.length && wanted.every((item, index) => contains(items[index], item));
  }
  if (typeof wanted === 'object' && wanted !== null) {
    const fields = (found ?? {}) as Record<string, unknown>;
    return Object.entries(wanted).every(([key, value]) => contains(fields[key], value));
  }
  return found === wanted;
}
