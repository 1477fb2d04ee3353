// The shop administrator's login. Asked for only on demand, because each look is recorded; hidden again after a minute.
import { Button } from '@mantine/core';
import type { Store } from '@souk/contract';
import { IconEye, IconEyeOff } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useEffect } from 'react';
import { CopyButton } from '../../components/copy-button.tsx';
import { Panel } from '../../components/panel.tsx';
import { client } from '../../lib/client.ts';
import classes from './credentials.module.css';

const SHOWN_MS = 60_000;

export function Credentials({ store }: { readonly store: Store }) {
  // Not a query: what is revealed must not lie in a cache.
  const { data, mutate, reset, isPending } = useMutation({
    mutationFn: () => client.revealCredentials(store.id),
    gcTime: 0,
  });
  useEffect(() => {
    if (data === undefined) return undefined;
    const timer = setTimeout(reset, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [data, reset]);
  const isReady = store.phase === 'ready' || store.phase === 'upgrading';
  return (
    <Panel
      title="Admin login"
      actions={
        data === undefined ? (
          <Button
            variant="default"
            size="xs"
            leftSection={<IconEye size={15} />}
            loading={isPending}
            disabled={!isReady}
            onClick={() => mutate()}
          >
            Reveal
          </Button>
        ) : (
          <Button variant="default" size="xs" leftSection={<IconEyeOff size={15} />} onClick={reset}>
            Hide
          </Button>
        )
      }
    >
      {data === undefined ? (
        <p className={classes.about}>
          {isReady ? 'Each look is written into the store’s events.' : 'There is a login once the store is ready.'}
        </p>
      ) : (
        <dl className={classes.fields} aria-live="polite">
          <Field label="User name" value={data.username} />
          <Field label="Password" value={data.password} />
          {data.publishableKey !== undefined && <Field label="Publishable key" value={data.publishableKey} />}
        </dl>
      )}
    </Panel>
  );
}

function Field({ label, value }: { readonly label: string; readonly value: string }) {
  return (
    <div>
      <dt className={classes.label}>{label}</dt>
      <dd className={classes.value}>
        <code>{value}</code>
        <CopyButton value={value} what={label.toLowerCase()} />
      </dd>
    </div>
  );
}
