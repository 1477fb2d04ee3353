// What each plan gives a store.
import type { Plan } from '@souk/contract';
import { useQuery } from '@tanstack/react-query';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Panel } from '../../components/panel.tsx';
import { queries } from '../../lib/queries.ts';

const COLUMNS: readonly Column<Plan>[] = [
  { title: 'Plan', cell: ({ title }) => title },
  { title: 'CPU, reserved to most', cell: ({ cpuRequests, cpuLimits }) => `${cpuRequests} – ${cpuLimits}` },
  { title: 'Memory', cell: ({ memoryRequests, memoryLimits }) => `${memoryRequests} – ${memoryLimits}` },
  { title: 'Storage', cell: ({ storage, volumes }) => `${storage} in ${volumes} volumes` },
  { title: 'Pods', cell: ({ pods }) => pods },
];

export function Plans() {
  const { data, error, refetch } = useQuery(queries.plans());
  return (
    <Panel title="Plans" about="Part of the release; a tenant’s largest plan is set with the tenant" isFlush>
      <DataTable
        label="Plans"
        columns={COLUMNS}
        rows={data}
        keyOf={({ name }) => name}
        empty=""
        error={error}
        onRetry={() => void refetch()}
      />
    </Panel>
  );
}
