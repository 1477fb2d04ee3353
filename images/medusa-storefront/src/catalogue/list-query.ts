// What the product list's address says, and how its links change it. Unknown or broken parts mean their defaults.
import { SORT_ORDERS, type SortOrder } from '../backend/catalogue.ts';

export interface ListQuery {
  /** Handles, as they stand in the address. */
  category?: string | undefined;
  collection?: string | undefined;
  text?: string | undefined;
  sort: SortOrder;
  page: number;
}

export type SearchParams = Record<string, string | string[] | undefined>;

// Longer texts find nothing but would be kept as cache keys.
const LONGEST_TEXT = 80;
const LAST_PAGE = 500;

export function parseListQuery(params: SearchParams): ListQuery {
  const page = Number(first(params.page));
  const sort = first(params.sort);
  return {
    category: first(params.category),
    collection: first(params.collection),
    text: first(params.q)?.slice(0, LONGEST_TEXT),
    sort: SORT_ORDERS.find((known) => known === sort) ?? 'newest',
    page: Number.isInteger(page) && page >= 1 && page <= LAST_PAGE ? page : 1,
  };
}

/** Any change but of the page itself starts again at the first page. */
export function listHref(query: ListQuery, change: Partial<ListQuery> = {}): string {
  const { category, collection, text, sort, page } = { ...query, page: 1, ...change };
  const params = new URLSearchParams();
  if (category !== undefined) params.set('category', category);
  if (collection !== undefined) params.set('collection', collection);
  if (text !== undefined) params.set('q', text);
  if (sort !== 'newest') params.set('sort', sort);
  if (page > 1) params.set('page', String(page));
  return params.size === 0 ? '/' : `/?${params}`;
}

/** True for the shop's front page as everyone first sees it. */
export function isFrontPage(query: ListQuery): boolean {
  return query.category === undefined && query.collection === undefined && query.text === undefined && query.page === 1;
}

function first(value: string | string[] | undefined): string | undefined {
  const text = (Array.isArray(value) ? value[0] : value)?.trim();
  return text === '' ? undefined : text;
}
