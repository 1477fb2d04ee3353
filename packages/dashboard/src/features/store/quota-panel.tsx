// What the store has taken of what its plan gives it: reserved, as the cluster counts it, not what it happens to use now.
import { Skeleton } from '@mantine/core';
import type { Store } from '@souk/contract';
import { useQuery } from '@tanstack/react-query';
import { Meter } from '../../components/meter.tsx';
import { Panel } from '../../components/panel.tsx';
import { formatCores, formatMib } from '../../lib/format.ts';
import { parseQuantity } from '../../lib/quantity.ts';
import { queries } from '../../lib/queries.ts';
import classes from './quota-panel.module.css';

const MIB = 1024 ** 2;
const count = (value: number): string => String(value);
const cores = (value: number): string => formatCores(value * 1_000);
const memory = (value: number): string => formatMib(value / MIB);

const SHOWN: readonly (readonly [resource: string, label: string, format: (value: number) => string])[] = [
  ['requests.cpu', 'CPU reserved', cores],
  ['limits.cpu', 'CPU at most', cores],
  ['requests.memory', 'Memory reserved', memory],
  ['limits.memory', 'Memory at most', memory],
  ['requests.storage', 'Storage', memory],
  ['persistentvolumeclaims', 'Volumes', count],
  ['pods', 'Pods', count],
];

export function QuotaPanel({ store }: { readonly store: Store }) {
  const { data } = useQuery(queries.usage(store.id));
  return (
    <Panel title="Quota" about={`What plan ${store.plan} gives, and what is taken of it`}>
      {data === undefined ? (
        <Skeleton height={150} />
      ) : data.quota.length === 0 ? (
        <p className={classes.none}>Seen as soon as the store’s namespace has its guardrails.</p>
      ) : (
        <div className={classes.meters}>
          {SHOWN.map(([resource, label, format]) => {
            const own = data.quota.find((entry) => entry.resource === resource);
            if (own === undefined) return null;
            return (
              <Meter
                key={resource}
                label={label}
                used={parseQuantity(own.used)}
                limit={parseQuantity(own.limit)}
                format={format}
              />
            );
          })}
        </div>
      )}
    </Panel>
  );
}
