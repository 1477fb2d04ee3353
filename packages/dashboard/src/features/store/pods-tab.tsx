// The store's pods as last seen: whether each works, how often it was started again, what it uses.
import { Anchor, Skeleton, Table } from '@mantine/core';
import type { Pod, Store, StoreUsage } from '@souk/contract';
import { IconBox } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { Instant } from '../../components/instant.tsx';
import { Panel } from '../../components/panel.tsx';
import { Sparkline } from '../../components/sparkline.tsx';
import { StateDot, type Tone } from '../../components/state-dot.tsx';
import { formatCores, formatMib } from '../../lib/format.ts';
import { paths } from '../../lib/paths.ts';
import { queries } from '../../lib/queries.ts';

const COLUMNS = ['Pod', 'State', 'CPU', 'Memory', 'Restarts', 'Started', 'Log'] as const;

export function PodsTab({ store }: { readonly store: Store }) {
  const { data: pods, error, refetch } = useQuery(queries.pods(store.id));
  const { data: usage } = useQuery(queries.usage(store.id));
  if (error !== null && pods === undefined) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (pods === undefined) return <Skeleton height={240} radius="lg" />;
  return (
    <Panel title="Pods" about="As the platform sees them now" isFlush>
      {pods.length === 0 ? (
        <EmptyState icon={<IconBox size={22} />} title="No pods">
          {store.phase === 'deleted' ? 'The store is gone.' : 'They appear as soon as the release is installed.'}
        </EmptyState>
      ) : (
        <Table.ScrollContainer
          minWidth={920}
          scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': 'Pods' } }}
        >
          <Table verticalSpacing="sm" horizontalSpacing={20}>
            <Table.Thead>
              <Table.Tr>
                {COLUMNS.map((title) => (
                  <Table.Th key={title}>{title}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {pods.map((pod) => (
                <PodLine key={pod.name} pod={pod} storeId={store.id} samples={usage?.samples ?? []} />
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Panel>
  );
}

interface PodLineProps {
  readonly pod: Pod;
  readonly storeId: string;
  readonly samples: StoreUsage['samples'];
}

function PodLine({ pod, storeId, samples }: PodLineProps) {
  const own = samples.flatMap(({ pods }) => pods.filter(({ name }) => name === pod.name));
  return (
    <Table.Tr>
      <Table.Td>
        <b style={{ fontWeight: 550 }}>{pod.component ?? pod.name}</b>
        <div style={{ color: 'var(--soft)', font: '0.75rem var(--mono)' }}>{pod.name}</div>
      </Table.Td>
      <Table.Td>
        <span style={{ display: 'inline-flex', alignItems: 'center', gap: 8 }}>
          <StateDot tone={toneOf(pod)} />
          {pod.ready ? 'Ready' : pod.podPhase}
        </span>
        {pod.message !== null && <div style={{ color: 'var(--soft)', fontSize: '0.8125rem' }}>{pod.message}</div>}
      </Table.Td>
      <Figure values={own.map(({ cpuMillicores }) => cpuMillicores)} format={formatCores} label="CPU" />
      <Figure values={own.map(({ memoryMib }) => memoryMib)} format={formatMib} label="Memory" />
      <Table.Td className="tabular">{pod.restarts}</Table.Td>
      <Table.Td>{pod.startedAt === null ? '–' : <Instant at={pod.startedAt} />}</Table.Td>
      <Table.Td>
        <Anchor component={Link} to={paths.logs(storeId, pod.name)} aria-label={`Logs of ${pod.name}`}>
          Logs
        </Anchor>
      </Table.Td>
    </Table.Tr>
  );
}

interface FigureProps {
  readonly values: readonly number[];
  readonly format: (value: number) => string;
  readonly label: string;
}

function Figure({ values, format, label }: FigureProps) {
  const newest = values.at(-1);
  return (
    <Table.Td className="tabular">
      {newest === undefined ? (
        '–'
      ) : (
        <span style={{ display: 'inline-flex', alignItems: 'center', gap: 10 }}>
          <Sparkline values={values} label={`${label} of the last half hour, now ${format(newest)}`} />
          <span style={{ whiteSpace: 'nowrap' }}>{format(newest)}</span>
        </span>
      )}
    </Table.Td>
  );
}

function toneOf({ ready, podPhase, message }: Pod): Tone {
  if (ready || podPhase === 'Succeeded') return 'good';
  if (podPhase === 'Terminating') return 'idle';
  return message === null ? 'busy' : 'bad';
}
