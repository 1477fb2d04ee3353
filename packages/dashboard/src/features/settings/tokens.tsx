// Credentials for machines.
import { Button, Checkbox, Group, NumberInput, TextInput } from '@mantine/core';
import { SCOPES, type Scope, type Token } from '@souk/contract';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ConfirmButton } from '../../components/confirm-button.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Instant } from '../../components/instant.tsx';
import { Panel } from '../../components/panel.tsx';
import { SecretOnce } from '../../components/secret-once.tsx';
import { client } from '../../lib/client.ts';
import { formatDay } from '../../lib/format.ts';
import { queryClient } from '../../lib/queries.ts';
import { messageOf } from '../../lib/tell.ts';
import classes from './forms.module.css';

const KEY = ['tokens'] as const;
const refresh = (): Promise<void> => queryClient.invalidateQueries({ queryKey: KEY });

export function Tokens() {
  const { data, error, refetch } = useQuery({ queryKey: KEY, queryFn: () => client.listTokens(), staleTime: 0 });
  const revoke = useMutation({ mutationFn: (id: string) => client.revokeToken(id), onSuccess: refresh });
  const columns: readonly Column<Token>[] = [
    {
      title: 'Token',
      cell: ({ name, id }) => (
        <span className={classes.pair}>
          <span>{name}</span>
          <span>{id}</span>
        </span>
      ),
    },
    { title: 'Scopes', cell: ({ scopes }) => scopes.join(', ') },
    { title: 'Last used', cell: ({ lastUsedAt }) => (lastUsedAt === null ? 'never' : <Instant at={lastUsedAt} />) },
    { title: 'Ends', cell: ({ expiresAt }) => (expiresAt === null ? 'never' : formatDay(expiresAt)) },
    {
      title: 'Action',
      cell: ({ id, name, revokedAt }) =>
        revokedAt === null ? (
          <ConfirmButton
            label={`Revoke ${name}`}
            about="Whatever signs in with it is refused from now on."
            onConfirm={() => revoke.mutate(id)}
          >
            Revoke
          </ConfirmButton>
        ) : (
          'Revoked'
        ),
    },
  ];
  return (
    <div className={classes.stack}>
      <NewToken />
      <Panel title="Tokens" isFlush>
        <DataTable
          label="Tokens"
          columns={columns}
          rows={data}
          keyOf={({ id }) => id}
          empty="Make one for a script, a pipeline or the command line."
          error={error}
          onRetry={() => void refetch()}
        />
      </Panel>
    </div>
  );
}

const DEFAULT_DAYS = 90;

function NewToken() {
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<readonly Scope[]>(['stores:read']);
  const [days, setDays] = useState<number | string>(DEFAULT_DAYS);
  const create = useMutation({
    meta: { isTold: true },
    mutationFn: () =>
      client.createToken({ name, scopes: [...scopes], ...(typeof days === 'number' ? { expiresInDays: days } : {}) }),
    onSuccess: () => {
      setName('');
      return refresh();
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <Panel title="New token" about="Leave the days empty for one that never ends">
      {create.data !== undefined && (
        <SecretOnce title="Token" value={create.data.secret} about="Copy it now: it is not shown again." />
      )}
      <form onSubmit={submit} className={classes.form}>
        <TextInput
          label="What it is for"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={80}
        />
        <Checkbox.Group
          label="It may"
          value={[...scopes]}
          onChange={(value) => setScopes(SCOPES.filter((scope) => value.includes(scope)))}
        >
          <Group mt={6}>
            {SCOPES.map((scope) => (
              <Checkbox key={scope} value={scope} label={scope} />
            ))}
          </Group>
        </Checkbox.Group>
        <NumberInput
          label="Days until it ends"
          value={days}
          onChange={setDays}
          min={1}
          max={3650}
          hideControls
          error={create.isError ? messageOf(create.error) : undefined}
        />
        <Button type="submit" loading={create.isPending} disabled={name.trim() === '' || scopes.length === 0}>
          Make token
        </Button>
      </form>
    </Panel>
  );
}
