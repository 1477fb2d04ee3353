// Search, phase, engine and order of the list.
import { CloseButton, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { PHASES } from '@souk/contract';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { queries } from '../../lib/queries.ts';
import classes from './store-filters.module.css';
import { useStoreFilter } from './use-store-filter.ts';
import { PHASE_WORDS } from './words.ts';

const SORTS = [
  { value: 'newest', label: 'Newest first' },
  { value: 'oldest', label: 'Oldest first' },
  { value: 'name', label: 'By name' },
];
const ANY_PHASE = { value: '', label: 'Any phase' };
const ANY_ENGINE = { value: '', label: 'Any engine' };
const TYPING_MS = 180;

export function StoreFilters() {
  const { filter, set } = useStoreFilter();
  const { data: engines } = useQuery(queries.engines());
  return (
    <div className={classes.filters} role="search" aria-label="Stores">
      <SearchField />
      <Select
        aria-label="Phase"
        data={[ANY_PHASE, ...PHASES.map((phase) => ({ value: phase, label: PHASE_WORDS[phase] }))]}
        value={filter.phase ?? ''}
        onChange={(value) => set('phase', value ?? '')}
        className={classes.select}
      />
      <Select
        aria-label="Engine"
        data={[ANY_ENGINE, ...(engines ?? []).map(({ name, title }) => ({ value: name, label: title }))]}
        value={filter.engine ?? ''}
        onChange={(value) => set('engine', value ?? '')}
        className={classes.select}
      />
      <Select
        aria-label="Order"
        data={SORTS}
        value={filter.sort ?? 'newest'}
        onChange={(value) => set('sort', value ?? '')}
        className={classes.select}
      />
    </div>
  );
}

/** Apart from the rest, so that a key that is pressed draws this field alone. */
function SearchField() {
  const { filter, set } = useStoreFilter();
  const [text, setText] = useState(filter.q ?? '');
  const search = useDebouncedCallback((value: string) => set('q', value), TYPING_MS);
  // Going back, or "clear", changes the address and not the field.
  useEffect(() => setText(filter.q ?? ''), [filter.q]);
  const type = (value: string): void => {
    setText(value);
    search(value);
  };
  return (
    <TextInput
      value={text}
      onChange={(event) => type(event.currentTarget.value)}
      placeholder="Search by name"
      aria-label="Search by name"
      leftSection={<IconSearch size={16} />}
      rightSection={
        text === '' ? null : <CloseButton size="sm" aria-label="Clear the search" onClick={() => type('')} />
      }
      className={classes.search}
    />
  );
}
