// How creating stores goes: how long it takes, where the time goes, how the days ended.
import { Skeleton } from '@mantine/core';
import type { Insights, Stats } from '@souk/contract';
import { IconChartHistogram } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { Figure, Figures } from '../../components/figure.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { formatDuration } from '../../lib/format.ts';
import { queries } from '../../lib/queries.ts';
import { useEngineTitle } from '../stores/use-engine-title.ts';
import classes from './insights-page.module.css';
import { StepDurations } from './step-durations.tsx';

// The plotting library is the largest of all; nobody waits for it who only wants the figures.
const OutcomeChart = lazy(async () => ({ default: (await import('./outcome-chart.tsx')).OutcomeChart }));
const DurationChart = lazy(async () => ({ default: (await import('./duration-chart.tsx')).DurationChart }));

export function InsightsPage() {
  const insights = useQuery(queries.insights());
  const stats = useQuery({ ...queries.stats(), staleTime: 10_000 });
  const error = insights.error ?? stats.error;
  const isReady = insights.data !== undefined && stats.data !== undefined;
  return (
    <>
      <PageHeader title="Insights" about="How creating stores went in the last thirty days" />
      {isReady && <InsightsView insights={insights.data} stats={stats.data} />}
      {!isReady && error === null && <Skeleton height={420} radius="lg" />}
      {!isReady && error !== null && <ErrorState error={error} onRetry={() => void insights.refetch()} />}
    </>
  );
}

function InsightsView({ insights: { days, steps }, stats }: { readonly insights: Insights; readonly stats: Stats }) {
  const ready = days.reduce((sum, day) => sum + day.ready, 0);
  const failed = days.reduce((sum, day) => sum + day.failed, 0);
  return (
    <>
      <Figures>
        <Figure label="Ready" value={stats.byPhase.ready} about={degraded(stats)} />
        <Figure
          label="On the way"
          value={stats.byPhase.requested + stats.byPhase.provisioning}
          about="requested or provisioning"
        />
        <Figure
          label="Succeeded"
          value={ready + failed === 0 ? '–' : `${((ready / (ready + failed)) * 100).toFixed(1)} %`}
          about={failed === 0 ? 'none failed' : `${failed} failed`}
        />
        {Object.entries(stats.provisioning).map(([engine, { p50Ms, p95Ms, count }]) => (
          <Figure
            key={engine}
            label={<EngineTitle name={engine} />}
            value={p50Ms === null ? '–' : formatDuration(p50Ms)}
            about={p95Ms === null ? 'none yet' : `95 % within ${formatDuration(p95Ms)} · ${count} stores`}
          />
        ))}
      </Figures>
      {days.length === 0 ? (
        <Panel isFlush>
          <EmptyState icon={<IconChartHistogram size={22} />} title="Nothing to plot yet">
            Curves appear with the first stores.
          </EmptyState>
        </Panel>
      ) : (
        <div className={classes.charts}>
          <Panel title="Outcomes" about="Stores created each day">
            <Suspense fallback={<Skeleton height={240} />}>
              <OutcomeChart days={days} />
            </Suspense>
          </Panel>
          <Panel title="From request to ready" about="Median and 95th percentile of each day">
            <Suspense fallback={<Skeleton height={240} />}>
              <DurationChart days={days} />
            </Suspense>
          </Panel>
          <div className={classes.wide}>
            <Panel title="Where the time goes" about="Median of each step, with the 95th percentile behind it">
              <StepDurations steps={steps} />
            </Panel>
          </div>
        </div>
      )}
    </>
  );
}

function EngineTitle({ name }: { readonly name: string }) {
  return <>{useEngineTitle(name)}, median</>;
}

const degraded = ({ byHealth }: Stats): string =>
  byHealth.degraded === 0 ? 'all healthy' : `${byHealth.degraded} degraded`;
