// Where one is signed in.
import { Badge, Button } from '@mantine/core';
import type { Session } from '@souk/contract';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Instant } from '../../components/instant.tsx';
import { Panel } from '../../components/panel.tsx';
import { client } from '../../lib/client.ts';
import { queryClient } from '../../lib/queries.ts';
import { capitalize } from '../stores/words.ts';
import classes from './forms.module.css';

const KEY = ['sessions'] as const;
const refresh = (): Promise<void> => queryClient.invalidateQueries({ queryKey: KEY });

export function Sessions() {
  const { data, error, refetch } = useQuery({ queryKey: KEY, queryFn: () => client.listSessions(), staleTime: 0 });
  const end = useMutation({ mutationFn: (id: string) => client.endSession(id), onSuccess: refresh });
  const endOthers = useMutation({ mutationFn: () => client.endOtherSessions(), onSuccess: refresh });
  const columns: readonly Column<Session>[] = [
    {
      title: 'Browser',
      cell: ({ client: agent, isCurrent }) => (
        <>
          {describeAgent(agent)} {isCurrent && <Badge variant="light">this one</Badge>}
        </>
      ),
    },
    { title: 'Address', cell: ({ address }) => address ?? '–' },
    { title: 'Signed in by', cell: ({ method }) => capitalize(method) },
    { title: 'Last used', cell: ({ lastUsedAt }) => <Instant at={lastUsedAt} /> },
    {
      title: 'Action',
      cell: ({ id, isCurrent, client: agent }) =>
        !isCurrent && (
          <Button
            size="xs"
            variant="default"
            aria-label={`End the session of ${describeAgent(agent)}`}
            onClick={() => end.mutate(id)}
          >
            End
          </Button>
        ),
    },
  ];
  return (
    <div className={classes.stack}>
      <Panel
        title="Sessions"
        actions={
          <Button size="xs" variant="default" onClick={() => endOthers.mutate()} disabled={(data?.length ?? 0) < 2}>
            End all others
          </Button>
        }
        isFlush
      >
        <DataTable
          label="Sessions"
          columns={columns}
          rows={data}
          keyOf={({ id }) => id}
          empty="You are signed in nowhere."
          error={error}
          onRetry={() => void refetch()}
        />
      </Panel>
    </div>
  );
}

/** "Firefox on Linux"; the whole text says more than anybody wants to read. */
function describeAgent(agent: string | null): string {
  if (agent === null) return 'Unknown';
  const browser = /(Edg|Firefox|OPR|Chrome|Safari|curl)/.exec(agent)?.[1] ?? 'Browser';
  const system = /(Windows|Mac OS X|Android|iPhone|Linux)/.exec(agent)?.[1];
  return system === undefined ? browser : `${browser.replace('Edg', 'Edge').replace('OPR', 'Opera')} on ${system}`;
}
