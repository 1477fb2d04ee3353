// Who did what, when, from where, and how it ended; of the tenant, or of the whole platform for its administrators.
import { Button, Select, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { AUDIT_OUTCOMES, type AuditEntry, type AuditList, type AuditOutcome } from '@souk/contract';
import { IconDownload } from '@tabler/icons-react';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Instant } from '../../components/instant.tsx';
import { Panel } from '../../components/panel.tsx';
import { StateDot } from '../../components/state-dot.tsx';
import { client } from '../../lib/client.ts';
import classes from './forms.module.css';

const COLUMNS: readonly Column<AuditEntry>[] = [
  { title: 'When', cell: ({ at }) => <Instant at={at} /> },
  {
    title: 'Who',
    cell: ({ actor, actorName, address }) => (
      <span className={classes.pair}>
        <span>{actorName === '' ? actor : actorName}</span>
        <span>{address}</span>
      </span>
    ),
  },
  { title: 'What', cell: ({ action }) => <code>{action}</code> },
  { title: 'To what', cell: ({ target }) => target ?? '–' },
  {
    title: 'Outcome',
    cell: ({ outcome, code }) => (
      <span style={{ display: 'inline-flex', alignItems: 'center', gap: 8 }}>
        <StateDot tone={outcome === 'ok' ? 'good' : outcome === 'failed' ? 'bad' : 'busy'} /> {outcome} · {code}
      </span>
    ),
  },
];
const ANY = { value: '', label: 'Any outcome' };

export function TenantAuditLog() {
  return <AuditLog ofPlatform={false} />;
}

export function AuditLog({ ofPlatform }: { readonly ofPlatform: boolean }) {
  const [actor, setActor] = useState('');
  const [action, setAction] = useState('');
  const [outcome, setOutcome] = useState('');
  const [filter] = useDebouncedValue(makeFilter(actor, action, outcome), 250);
  const list = useInfiniteQuery({
    queryKey: ['audit', ofPlatform, filter] as const,
    queryFn: ({ pageParam, signal }): Promise<AuditList> =>
      client.listAudit({ ...filter, ofPlatform, ...(pageParam === undefined ? {} : { after: pageParam }) }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    staleTime: 0,
  });
  const save = useMutation({
    mutationFn: async () => {
      const answer = await client.exportAudit({ ...filter, format: 'csv' }, { ofPlatform });
      saveFile('audit.csv', await answer.blob());
    },
  });
  return (
    <Panel
      title="Audit log"
      about="Only ever appended to, each entry chained to the one before"
      actions={
        <Button
          size="xs"
          variant="default"
          leftSection={<IconDownload size={15} />}
          loading={save.isPending}
          onClick={() => save.mutate()}
        >
          Export
        </Button>
      }
      isFlush
    >
      <div className={classes.inline} style={{ padding: '0 20px 12px' }}>
        <TextInput
          aria-label="Who"
          placeholder="Who"
          value={actor}
          onChange={(event) => setActor(event.currentTarget.value)}
        />
        <TextInput
          aria-label="What"
          placeholder="What, e.g. store"
          value={action}
          onChange={(event) => setAction(event.currentTarget.value)}
        />
        <Select
          aria-label="Outcome"
          data={[ANY, ...AUDIT_OUTCOMES.map((value) => ({ value, label: value }))]}
          value={outcome}
          onChange={(value) => setOutcome(value ?? '')}
          w={150}
        />
      </div>
      <DataTable
        label="Entries"
        columns={COLUMNS}
        rows={list.data?.pages.flatMap(({ items }) => items)}
        keyOf={({ id }) => id}
        empty="Nothing fits what you look for."
        error={list.error}
        onRetry={() => void list.refetch()}
        onMore={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
      />
    </Panel>
  );
}

function makeFilter(actor: string, action: string, outcome: string) {
  return {
    ...(actor.trim() === '' ? {} : { actor: actor.trim() }),
    ...(action.trim() === '' ? {} : { action: action.trim() }),
    ...(outcome === '' ? {} : { outcome: outcome as AuditOutcome }),
  };
}

function saveFile(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
