// The durable units of work of this store: how often each was tried, and what went wrong.
import type { Job, JobState, Store } from '@souk/contract';
import { useQuery } from '@tanstack/react-query';
import { type Column, DataTable } from '../../components/data-table.tsx';
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

const COLUMNS: readonly Column<Job>[] = [
  {
    title: 'Job',
    cell: (job) => (
      <>
        {job.kind}
        <div style={{ color: 'var(--soft)', font: '0.75rem var(--mono)' }}>{job.id}</div>
        {job.error !== null && (
          <div style={{ color: 'var(--bad)', fontWeight: 400, maxWidth: '52ch' }}>{job.error}</div>
        )}
      </>
    ),
  },
  {
    title: 'State',
    cell: ({ state }) => (
      <span style={{ display: 'inline-flex', alignItems: 'center', gap: 8 }}>
        <StateDot tone={TONES[state]} isLive={state === 'running'} /> {capitalize(state)}
      </span>
    ),
  },
  { title: 'Attempts', cell: ({ attempt }) => attempt },
  { title: 'Took', cell: (job) => <Took job={job} /> },
  { title: 'Created', cell: ({ createdAt }) => <Instant at={createdAt} /> },
];

export function JobsTab({ store }: { readonly store: Store }) {
  const { data: jobs, error, refetch } = useQuery(queries.jobs(store.id));
  return (
    <Panel title="Jobs" about="A job is tried again with growing pauses until it succeeds or cannot" isFlush>
      <DataTable
        label="Jobs"
        columns={COLUMNS}
        rows={jobs}
        keyOf={({ id }) => id}
        empty="Ended jobs are forgotten after a while; the events stay."
        error={error}
        onRetry={() => void refetch()}
      />
    </Panel>
  );
}

function Took({ job: { startedAt, finishedAt } }: { readonly job: Job }) {
  if (startedAt === null) return <>–</>;
  if (finishedAt === null) return <Since at={startedAt} />;
  return <>{formatDuration(Date.parse(finishedAt) - Date.parse(startedAt))}</>;
}
