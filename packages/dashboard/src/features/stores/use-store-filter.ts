// What is looked for, read from the address, so that it can be sent to somebody and survives a reload.
import { type Phase, phaseSchema, STORE_SORTS, type StoreSort } from '@souk/contract';
import { useMemo } from 'react';
import { useSearchParams } from 'react-router';
import type { StoreFilter } from '../../lib/queries.ts';

export interface UsedStoreFilter {
  readonly filter: StoreFilter;
  readonly isFiltered: boolean;
  readonly set: (name: keyof StoreFilter, value: string) => void;
  readonly clear: () => void;
}

export function useStoreFilter(): UsedStoreFilter {
  const [search, setSearch] = useSearchParams();
  const q = (search.get('q') ?? '').trim().slice(0, 100);
  const engine = search.get('engine') ?? '';
  const phase = phaseSchema.safeParse(search.get('phase')).data;
  const sort = STORE_SORTS.find((name) => name === search.get('sort'));
  const filter = useMemo(() => makeFilter(q, engine, phase, sort), [q, engine, phase, sort]);
  return {
    filter,
    isFiltered: q !== '' || engine !== '' || phase !== undefined,
    set: (name, value) =>
      setSearch(
        (before) => {
          const after = new URLSearchParams(before);
          if (value === '') after.delete(name);
          else after.set(name, value);
          return after;
        },
        { replace: true },
      ),
    clear: () => setSearch({}, { replace: true }),
  };
}

function makeFilter(q: string, engine: string, phase: Phase | undefined, sort: StoreSort | undefined): StoreFilter {
  return {
    ...(q === '' ? {} : { q }),
    ...(engine === '' ? {} : { engine }),
    ...(phase === undefined ? {} : { phase }),
    ...(sort === undefined || sort === 'newest' ? {} : { sort }),
  };
}
