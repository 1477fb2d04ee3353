// Which engine the shop runs on; one that cannot be used says why.
import { Input, Radio, Skeleton } from '@mantine/core';
import type { Engine } from '@souk/contract';
import { EngineMark } from '../stores/engine-mark.tsx';
import classes from './choices.module.css';

interface EngineChoiceProps {
  readonly engines: readonly Engine[] | undefined;
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (engine: string) => void;
}

export function EngineChoice({ engines, value, error, onChange }: EngineChoiceProps) {
  if (engines === undefined) return <Skeleton height={104} radius="md" />;
  return (
    <Radio.Group label="Engine" value={value} onChange={onChange}>
      <div className={classes.cards}>
        {engines.map(({ name, title, summary, version, available, reason }) => (
          <Radio.Card key={name} value={name} disabled={!available} className={classes.card}>
            <EngineMark engine={name} size={36} />
            <span className={classes.words}>
              <span className={classes.title}>
                {title} <span className={classes.soft}>{version}</span>
              </span>
              <span className={classes.soft}>{available ? summary : `Not available: ${reason}`}</span>
            </span>
            <Radio.Indicator size="sm" />
          </Radio.Card>
        ))}
      </div>
      {error !== undefined && <Input.Error mt={8}>{error}</Input.Error>}
    </Radio.Group>
  );
}
