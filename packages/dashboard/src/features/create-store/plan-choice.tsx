// How much the store may use.
import { Radio, Skeleton } from '@mantine/core';
import { type PlanName, planNameSchema } from '@souk/contract';
import { useQuery } from '@tanstack/react-query';
import { queries } from '../../lib/queries.ts';
import classes from './choices.module.css';

export function PlanChoice({
  value,
  onChange,
}: {
  readonly value: PlanName;
  readonly onChange: (plan: PlanName) => void;
}) {
  const { data: plans } = useQuery(queries.plans());
  if (plans === undefined) return <Skeleton height={112} radius="md" />;
  return (
    <Radio.Group label="Plan" value={value} onChange={(name) => onChange(planNameSchema.parse(name))}>
      <div className={classes.plans}>
        {plans.map(({ name, title, cpuLimits, memoryLimits, storage }) => (
          <Radio.Card key={name} value={name} className={classes.plan}>
            <span className={classes.title}>{title}</span>
            <span className={classes.soft}>up to {cpuLimits} CPU</span>
            <span className={classes.soft}>{spaced(memoryLimits)} memory</span>
            <span className={classes.soft}>{spaced(storage)} storage</span>
          </Radio.Card>
        ))}
      </div>
    </Radio.Group>
  );
}

/** "8Gi" as Kubernetes writes it is "8 GiB" to people. */
const spaced = (quantity: string): string => quantity.replace(/^(\d+)([KMGT]i)$/, '$1 $2B');
