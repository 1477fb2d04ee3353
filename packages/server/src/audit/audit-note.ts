// What a handler knows of its request that the audit log should say: whom it turned out to be, what it was done to, and details
// without secrets. Kept beside the request until its one entry is written.

export interface AuditNote {
  /** Where the caller is only known afterwards: a sign-in. */
  readonly actor?: { readonly id: string; readonly name: string };
  readonly tenantId?: string | null;
  readonly target?: string;
  /** Where the answer does not say that it was one: a browser that is sent on. */
  readonly refusal?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

const notes = new WeakMap<object, AuditNote>();

/** Adds to what was noted before. */
export function noteForAudit(request: object, note: AuditNote): void {
  const earlier = notes.get(request);
  notes.set(request, { ...earlier, ...note, details: { ...earlier?.details, ...note.details } });
}

export function readAuditNote(request: object): AuditNote {
  return notes.get(request) ?? {};
}
