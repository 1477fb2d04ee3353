// Curves of how long it took from request to ready, by day.
import '@mantine/charts/styles.layer.css';
import { LineChart } from '@mantine/charts';
import type { Insights } from '@souk/contract';
import { formatDuration } from '../../lib/format.ts';
import { shortDay } from './short-day.ts';

export function DurationChart({ days }: { readonly days: Insights['days'] }) {
  return (
    <LineChart
      h={240}
      data={days.map(({ day, p50Ms, p95Ms }) => ({ day: shortDay(day), Median: p50Ms, '95 %': p95Ms }))}
      dataKey="day"
      series={[
        { name: 'Median', color: 'var(--accent)' },
        { name: '95 %', color: 'var(--idle-fill)' },
      ]}
      valueFormatter={formatDuration}
      gridAxis="y"
      tickLine="none"
      strokeDasharray="0"
      curveType="monotone"
      withDots={false}
      connectNulls
      withLegend
      legendProps={{ verticalAlign: 'bottom' }}
      lineProps={{ isAnimationActive: false }}
      yAxisProps={{ width: 72 }}
    />
  );
}
