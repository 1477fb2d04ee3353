// Ids are a prefix that says what the thing is, and ten random characters: unguessable enough not to be enumerated, short enough
// for a namespace name, and free of any meaning that could change later.
import { randomInt } from 'node:crypto';

export const ID_PREFIXES = ['ten', 'tok', 'clu', 'sto', 'job', 'per', 'ses', 'inv', 'mai'] as const;
export type IdPrefix = (typeof ID_PREFIXES)[number];

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const RANDOM_LENGTH = 10;

export function newId<P extends IdPrefix>(prefix: P): `${P}_${string}` {
  return `${prefix}_${randomCharacters(RANDOM_LENGTH)}`;
}

/** On every object of a store, with the store's id as its value. */
export const STORE_LABEL = 'souk.dev/store';

/** The namespace, and equally the Helm release, of a store: `sto_k2m9x1b7qa` lives in `store-k2m9x1b7qa`. */
export function storeNamespace(storeId: string): string {
  return `store-${storeId.slice('sto_'.length)}`;
}

/** The inverse of `storeNamespace`; null for a namespace that is not a store's. */
export function storeIdOfNamespace(namespace: string): string | null {
  const random = /^store-([a-z0-9]{10})$/.exec(namespace)?.[1];
  return random === undefined ? null : `sto_${random}`;
}

function randomCharacters(length: number): string {
  return Array.from({ length }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
}
