// The tenant itself: its name, and what it may have.
import { Button, Skeleton, TextInput } from '@mantine/core';
import type { Tenant } from '@souk/contract';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ErrorState } from '../../components/error-state.tsx';
import { Meter } from '../../components/meter.tsx';
import { Panel } from '../../components/panel.tsx';
import { client } from '../../lib/client.ts';
import { queryClient } from '../../lib/queries.ts';
import { tellDone } from '../../lib/tell.ts';
import { sessionQuery, useMay } from '../session/session.ts';
import classes from './forms.module.css';

const KEY = ['tenant'] as const;

export function TenantSettings() {
  const { data, error, refetch } = useQuery({ queryKey: KEY, queryFn: () => client.getTenant(), staleTime: 0 });
  if (data === undefined && error !== null) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Skeleton height={240} radius="lg" />;
  const { quota, usage } = data;
  return (
    <div className={classes.stack}>
      <NameForm tenant={data} />
      <Panel title="Quota" about="Set by the platform’s administrators">
        <div className={classes.form}>
          <Meter label="Stores" used={usage.stores} limit={quota.maxStores} format={String} />
          <p style={{ margin: 0 }}>
            {quota.maxParallelProvisions} stores may be provisioned at once; the largest plan is {quota.largestPlan}.
          </p>
        </div>
      </Panel>
    </div>
  );
}

function NameForm({ tenant }: { readonly tenant: Tenant }) {
  const isAdmin = useMay('admin');
  const [name, setName] = useState(tenant.name);
  const rename = useMutation({
    mutationFn: () => client.renameTenant(name),
    onSuccess: (changed) => {
      queryClient.setQueryData(KEY, changed);
      void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
      tellDone('The tenant is renamed');
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    rename.mutate();
  };
  return (
    <Panel title="Tenant" about={tenant.id}>
      <form onSubmit={submit} className={classes.form}>
        <TextInput
          label="Name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={80}
          disabled={!isAdmin}
        />
        {isAdmin && (
          <Button type="submit" loading={rename.isPending} disabled={name.trim() === '' || name === tenant.name}>
            Rename
          </Button>
        )}
      </form>
    </Panel>
  );
}
