'use client';
// The order of the list; with scripts it applies itself as soon as another order is chosen.
import { useId } from 'react';
import type { SortOrder } from '../backend/catalogue.ts';

const ORDERS: [SortOrder, string][] = [
  ['newest', 'Newest first'],
  ['price-low', 'Price: low to high'],
  ['price-high', 'Price: high to low'],
  ['name', 'Name'],
];

export function SortSelect({ sort }: { sort: SortOrder }) {
  const id = useId();
  return (
    <>
      <label htmlFor={id}>Sort by</label>
      <select id={id} name="sort" defaultValue={sort} onChange={(event) => event.currentTarget.form?.requestSubmit()}>
        {ORDERS.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </>
  );
}
