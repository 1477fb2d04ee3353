// Text of others (logs, messages of a cluster, errors) on its way to Postgres, which keeps no NUL in text and in jsonb no half of a
// surrogate pair, as cutting a text leaves one. One such character would make every attempt at writing it down fail.

/** What cannot be kept is shown as the replacement character. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** JSON for a jsonb column. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'string' ? storableText(part) : part));
}
