// A cursor is the place of an event in the order of all events: the transaction that appended it, then its number. Opaque outside.

export interface EventPosition {
  readonly xid: string;
  readonly cursor: number;
}

export const BEGINNING: EventPosition = { xid: '0', cursor: 0 };
const LARGEST_XID = 2n ** 64n - 1n;

export function formatCursor({ xid, cursor }: EventPosition): string {
  return `${xid}.${cursor}`;
}

/** Null for anything that `formatCursor` cannot have made. */
export function parseCursor(text: string): EventPosition | null {
  const [, xid, number] = /^(\d{1,20})\.(\d{1,16})$/.exec(text) ?? [];
  if (xid === undefined || number === undefined || BigInt(xid) > LARGEST_XID || !Number.isSafeInteger(Number(number))) {
    return null;
  }
  return { xid: BigInt(xid).toString(), cursor: Number(number) };
}

/** Negative: `a` comes first. */
export function comparePositions(a: EventPosition, b: EventPosition): number {
  const [first, second] = [BigInt(a.xid), BigInt(b.xid)];
  return first === second ? a.cursor - b.cursor : first < second ? -1 : 1;
}
