// The durable units of work of this store: how often each was tried, and what went wrong.
import { Skeleton, Table } from '@mantine/core';
import type { Job, JobState, Store } from '@souk/contract';
import { IconStack2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { Instant } from '../../components/instant.tsx';
import { Panel } from '../../components/panel.tsx';
import { Since } from '../../components/since.tsx';
import { StateDot, type Tone } from '../../components/state-dot.tsx';
import { formatDuration } from '../../lib/format.ts';
import { queries } from '../../lib/queries.ts';
import { capitalize } from '../stores/words.ts';

const TONES: Readonly<Record<JobState, Tone>> = {
  available: 'idle',
  running: 'busy',
  waiting: 'busy',
  completed: 'good',
  discarded: 'bad',
  cancelled: 'idle',
};

export function JobsTab({ store }: { readonly store: Store }) {
  const { data: jobs, error, refetch } = useQuery(queries.jobs(store.id));
  if (error !== null && jobs === undefined) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (jobs === undefined) return <Skeleton height={240} radius="lg" />;
  return (
    <Panel title="Jobs" about="A job is tried again with growing pauses until it succeeds or cannot" isFlush>
      {jobs.length === 0 ? (
        <EmptyState icon={<IconStack2 size={22} />} title="No jobs are kept">
          Ended jobs are forgotten after a while; the events stay.
        </EmptyState>
      ) : (
        <Table.ScrollContainer
          minWidth={640}
          scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': 'Jobs' } }}
        >
          <Table verticalSpacing="sm" horizontalSpacing={20}>
            <Table.Thead>
              <Table.Tr>
                {['Job', 'State', 'Attempts', 'Took', 'Created'].map((title) => (
                  <Table.Th key={title}>{title}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {jobs.map((job) => (
                <JobLine key={job.id} job={job} />
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Panel>
  );
}

function JobLine({ job }: { readonly job: Job }) {
  return (
    <Table.Tr>
      <Table.Td>
        {job.kind}
        <div style={{ color: 'var(--soft)', font: '0.75rem var(--mono)' }}>{job.id}</div>
        {job.error !== null && <div style={{ color: 'var(--bad)', maxWidth: '52ch' }}>{job.error}</div>}
      </Table.Td>
      <Table.Td>
        <span style={{ display: 'inline-flex', alignItems: 'center', gap: 8 }}>
          <StateDot tone={TONES[job.state]} isLive={job.state === 'running'} /> {capitalize(job.state)}
        </span>
      </Table.Td>
      <Table.Td className="tabular">{job.attempt}</Table.Td>
      <Table.Td className="tabular">
        <Took job={job} />
      </Table.Td>
      <Table.Td>
        <Instant at={job.createdAt} />
      </Table.Td>
    </Table.Tr>
  );
}

function Took({ job: { startedAt, finishedAt } }: { readonly job: Job }) {
  if (startedAt === null) return <>–</>;
  if (finishedAt === null) return <Since at={startedAt} />;
  return <>{formatDuration(Date.parse(finishedAt) - Date.parse(startedAt))}</>;
}
