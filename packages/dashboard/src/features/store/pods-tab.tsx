// The store's pods as last seen: whether each works, how often it was started again, what it uses.
import { Anchor } from '@mantine/core';
import type { Pod, Store, StoreUsage } from '@souk/contract';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Instant } from '../../components/instant.tsx';
import { Panel } from '../../components/panel.tsx';
import { Sparkline } from '../../components/sparkline.tsx';
import { StateDot, type Tone } from '../../components/state-dot.tsx';
import { formatCores, formatMib } from '../../lib/format.ts';
import { paths } from '../../lib/paths.ts';
import { queries } from '../../lib/queries.ts';

export function PodsTab({ store }: { readonly store: Store }) {
  const { data: pods, error, refetch } = useQuery(queries.pods(store.id));
  const { data: usage } = useQuery(queries.usage(store.id));
  return (
    <Panel title="Pods" about="As the platform sees them now" isFlush>
      <DataTable
        label="Pods"
        columns={columnsFor(store.id, usage?.samples ?? [])}
        rows={pods}
        keyOf={({ name }) => name}
        empty={store.phase === 'deleted' ? 'The store is gone.' : 'They appear as soon as the release is installed.'}
        error={error}
        onRetry={() => void refetch()}
      />
    </Panel>
  );
}

function columnsFor(storeId: string, samples: StoreUsage['samples']): readonly Column<Pod>[] {
  const of = (pod: Pod) => samples.flatMap(({ pods }) => pods.filter(({ name }) => name === pod.name));
  return [
    {
      title: 'Pod',
      cell: ({ name, component }) => (
        <>
          <b style={{ fontWeight: 550 }}>{component ?? name}</b>
          <div style={{ color: 'var(--soft)', font: '0.75rem var(--mono)' }}>{name}</div>
        </>
      ),
    },
    {
      title: 'State',
      cell: (pod) => (
        <div>
          <span style={{ display: 'inline-flex', alignItems: 'center', gap: 8 }}>
            <StateDot tone={toneOf(pod)} />
            {pod.ready ? 'Ready' : pod.podPhase}
          </span>
          {pod.message !== null && <div style={{ color: 'var(--soft)', fontSize: '0.8125rem' }}>{pod.message}</div>}
        </div>
      ),
    },
    {
      title: 'CPU',
      cell: (pod) => (
        <Figure values={of(pod).map(({ cpuMillicores }) => cpuMillicores)} format={formatCores} label="CPU" />
      ),
    },
    {
      title: 'Memory',
      cell: (pod) => <Figure values={of(pod).map(({ memoryMib }) => memoryMib)} format={formatMib} label="Memory" />,
    },
    { title: 'Restarts', cell: ({ restarts }) => restarts },
    { title: 'Started', cell: ({ startedAt }) => (startedAt === null ? '–' : <Instant at={startedAt} />) },
    {
      title: 'Log',
      cell: ({ name }) => (
        <Anchor component={Link} fz="inherit" to={paths.logs(storeId, name)} aria-label={`Logs of ${name}`}>
          Logs
        </Anchor>
      ),
    },
  ];
}

interface FigureProps {
  readonly values: readonly number[];
  readonly format: (value: number) => string;
  readonly label: string;
}

function Figure({ values, format, label }: FigureProps) {
  const newest = values.at(-1);
  if (newest === undefined) return '–';
  return (
    <span className="tabular" style={{ display: 'inline-flex', alignItems: 'center', gap: 10 }}>
      <Sparkline values={values} label={`${label} of the last half hour, now ${format(newest)}`} />
      <span style={{ whiteSpace: 'nowrap' }}>{format(newest)}</span>
    </span>
  );
}

function toneOf({ ready, podPhase, message }: Pod): Tone {
  if (ready || podPhase === 'Succeeded') return 'good';
  if (podPhase === 'Terminating') return 'idle';
  return message === null ? 'busy' : 'bad';
}
