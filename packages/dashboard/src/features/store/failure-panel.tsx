// Why a store failed: the error, and what the failing pods said last, kept from before the clean-up.
import type { Store } from '@souk/contract';
import { useQuery } from '@tanstack/react-query';
import { Panel } from '../../components/panel.tsx';
import { queries } from '../../lib/queries.ts';
import { STEP_TITLES } from '../stores/words.ts';
import { readDiagnosis } from './diagnosis.ts';
import classes from './failure-panel.module.css';

export function FailurePanel({ store }: { readonly store: Store }) {
  const { data: events } = useQuery(queries.events(store.id));
  const recorded = events?.findLast(({ type }) => type === 'store.diagnosis_recorded');
  const diagnosis = recorded === undefined ? null : readDiagnosis(recorded.details);
  const step = store.error?.step ?? null;
  return (
    <Panel
      title="Why it failed"
      tone="bad"
      about={step === null ? undefined : `In the step “${STEP_TITLES[step] ?? step}”`}
    >
      <p className={classes.message}>{store.error?.message ?? 'No reason was recorded.'}</p>
      {diagnosis?.pods.map(({ name, problem, restarts, log }) => (
        <div key={name} className={classes.pod}>
          <p className={classes.what}>
            <code>{name}</code> {problem}
            {restarts > 0 && ` · restarted ${restarts} times`}
          </p>
          {log !== '' && (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
            <pre className={classes.log} tabIndex={0} role="group" aria-label={`Last lines of ${name}`}>
              {log.trimEnd()}
            </pre>
          )}
        </div>
      ))}
      {diagnosis !== null && diagnosis.warnings.length > 0 && (
        <details className={classes.warnings}>
          <summary>What the cluster warned of ({diagnosis.warnings.length})</summary>
          <ul>
            {diagnosis.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </details>
      )}
    </Panel>
  );
}
