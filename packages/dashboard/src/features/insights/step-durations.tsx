// For each engine, its steps as bars on one scale: the median in front, the 95th percentile behind.
import { BRING_UP_STEPS, type Insights } from '@souk/contract';
import { formatDuration } from '../../lib/format.ts';
import { useEngineTitle } from '../stores/use-engine-title.ts';
import { STEP_TITLES } from '../stores/words.ts';
import classes from './step-durations.module.css';

function EngineTitle({ name }: { readonly name: string }) {
  return useEngineTitle(name);
}

export function StepDurations({ steps }: { readonly steps: Insights['steps'] }) {
  const engines = [...new Set(steps.map(({ engine }) => engine))].sort();
  const longest = Math.max(1, ...steps.map(({ p95Ms }) => p95Ms ?? 0));
  return (
    <div className={classes.engines}>
      {engines.map((engine) => (
        <table key={engine} className={classes.table}>
          <caption>
            <EngineTitle name={engine} />
          </caption>
          <thead className={classes.unseen}>
            <tr>
              <th scope="col">Step</th>
              <th scope="col">Median and 95th percentile</th>
            </tr>
          </thead>
          <tbody>
            {BRING_UP_STEPS.map((step) => {
              const own = steps.find((entry) => entry.engine === engine && entry.step === step);
              if (own?.p50Ms == null || own.p95Ms === null) return null;
              return (
                <tr key={step}>
                  <th scope="row">{STEP_TITLES[step] ?? step}</th>
                  <td>
                    <span className={classes.track} aria-hidden="true">
                      <i className={classes.high} style={{ width: `${(own.p95Ms / longest) * 100}%` }} />
                      <i className={classes.middle} style={{ width: `${(own.p50Ms / longest) * 100}%` }} />
                    </span>
                    <span className={`${classes.figures} tabular`}>
                      <b>{formatDuration(own.p50Ms)}</b> · {formatDuration(own.p95Ms)}
                    </span>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      ))}
    </div>
  );
}
