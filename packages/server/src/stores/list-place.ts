// A place in the list of stores, as text for `after`: the sort key of the last store that was shown. Opaque outside.

export interface ListPlace {
  readonly id: string;
  /** Microseconds since 1970: what the database sorts by, which a Date would round. */
  readonly createdMicros: string;
}

export function formatListPlace({ id, createdMicros }: ListPlace): string {
  return Buffer.from(`${createdMicros}/${id}`).toString('base64url');
}

/** Null for anything that `formatListPlace` cannot have made. */
export function parseListPlace(text: string): ListPlace | null {
  const [, createdMicros, id] =
    /^(\d{1,16})\/(sto_[a-z0-9]{10})$/.exec(Buffer.from(text, 'base64url').toString('utf8')) ?? [];
  return createdMicros === undefined || id === undefined ? null : { createdMicros, id };
}
