// A place in the list of stores, as text for `after`: the sort keys of the last store that was shown. Opaque outside.

export interface ListPlace {
  readonly id: string;
  /** Microseconds since 1970: what the database sorts by, which a Date would round. */
  readonly createdMicros: string;
  readonly name: string;
}

export function formatListPlace({ id, createdMicros, name }: ListPlace): string {
  return Buffer.from(`${createdMicros}/${id}/${name}`).toString('base64url');
}

/** Null for anything that `formatListPlace` cannot have made. */
export function parseListPlace(text: string): ListPlace | null {
  const [, createdMicros, id, name] =
    /^(\d{1,16})\/(sto_[a-z0-9]{10})\/([a-z0-9-]{1,40})$/.exec(Buffer.from(text, 'base64url').toString('utf8')) ?? [];
  return createdMicros === undefined || id === undefined || name === undefined ? null : { createdMicros, id, name };
}
