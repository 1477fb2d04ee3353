// Bars of ready and failed stores by day.
import '@mantine/charts/styles.layer.css';
import { BarChart } from '@mantine/charts';
import type { Insights } from '@souk/contract';
import { shortDay } from './short-day.ts';

export function OutcomeChart({ days }: { readonly days: Insights['days'] }) {
  return (
    <BarChart
      h={240}
      data={days.map(({ day, ready, failed }) => ({ day: shortDay(day), Ready: ready, Failed: failed }))}
      dataKey="day"
      type="stacked"
      series={[
        { name: 'Ready', color: 'var(--good-fill)' },
        { name: 'Failed', color: 'var(--bad-fill)' },
      ]}
      gridAxis="y"
      tickLine="none"
      strokeDasharray="0"
      withLegend
      legendProps={{ verticalAlign: 'bottom' }}
      barProps={{ isAnimationActive: false }}
      yAxisProps={{ allowDecimals: false, width: 36 }}
    />
  );
}
