// Everybody who can sign in.
import { Button } from '@mantine/core';
import type { AdminPerson } from '@souk/contract';
import { useMutation } from '@tanstack/react-query';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Instant } from '../../components/instant.tsx';
import { Panel } from '../../components/panel.tsx';
import { client } from '../../lib/client.ts';
import { queryClient } from '../../lib/queries.ts';
import { useSession } from '../session/session.ts';
import classes from '../settings/forms.module.css';
import { SearchField } from './search-field.tsx';
import { usePages } from './use-pages.ts';

interface Change {
  readonly id: string;
  readonly isDisabled?: boolean;
  readonly isPlatformAdmin?: boolean;
}

export function People() {
  const { text, setText, table } = usePages('people', (query) => client.listPeople(query));
  const me = useSession()?.person?.id;
  const change = useMutation({
    mutationFn: ({ id, ...rest }: Change) => client.changeAdminPerson(id, rest),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['admin', 'people'] }),
  });
  const columns: readonly Column<AdminPerson>[] = [
    {
      title: 'Person',
      cell: ({ name, email }) => (
        <span className={classes.pair}>
          <span>{name === '' ? email : name}</span>
          <span>{email}</span>
        </span>
      ),
    },
    { title: 'Tenants', cell: ({ tenants }) => tenants.map(({ name, role }) => `${name} (${role})`).join(', ') || '–' },
    {
      title: 'Last signed in',
      cell: ({ lastSignInAt }) => (lastSignInAt === null ? 'never' : <Instant at={lastSignInAt} />),
    },
    {
      title: 'State',
      cell: ({ isDisabled, isPlatformAdmin }) =>
        isDisabled ? 'Disabled' : isPlatformAdmin ? 'Platform admin' : 'Active',
    },
    {
      title: 'Action',
      cell: ({ id, email, isDisabled, isPlatformAdmin }) => (
        <span style={{ display: 'flex', flexWrap: 'wrap', gap: 8 }}>
          <Button
            size="xs"
            variant="default"
            disabled={id === me}
            aria-label={`${isDisabled ? 'Enable' : 'Disable'} ${email}`}
            onClick={() => change.mutate({ id, isDisabled: !isDisabled })}
          >
            {isDisabled ? 'Enable' : 'Disable'}
          </Button>
          <Button
            size="xs"
            variant="default"
            disabled={id === me || isDisabled}
            aria-label={`${isPlatformAdmin ? 'Unmake admin' : 'Make admin'}: ${email}`}
            onClick={() => change.mutate({ id, isPlatformAdmin: !isPlatformAdmin })}
          >
            {isPlatformAdmin ? 'Unmake admin' : 'Make admin'}
          </Button>
        </span>
      ),
    },
  ];
  return (
    <Panel title="People" actions={<SearchField label="Search the people" value={text} onChange={setText} />} isFlush>
      <DataTable label="People" columns={columns} keyOf={({ id }) => id} empty="Nobody is called so." {...table} />
    </Panel>
  );
}
