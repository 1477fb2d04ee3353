// Where a store is, in one or two lines: its phase, and beside it the step that runs, or its health.
import { placeOfStep, type Store, type StoreProgress } from '@souk/contract';
import { useQuery } from '@tanstack/react-query';
import { Since } from '../../components/since.tsx';
import { StateDot, type Tone } from '../../components/state-dot.tsx';
import { queries } from '../../lib/queries.ts';
import classes from './store-state.module.css';
import { PHASE_WORDS, STEP_WORDS } from './words.ts';

interface StoreStateProps {
  readonly store: Store;
  readonly progress: StoreProgress | undefined;
}

export function StoreState({ store }: Pick<StoreStateProps, 'store'>) {
  const { data: progress } = useQuery(queries.progress());
  return <StoreStateLines store={store} progress={progress?.[store.id]} />;
}

export function StoreStateLines({ store, progress }: StoreStateProps) {
  const { tone, isLive } = toneOf(store);
  return (
    <div className={classes.state}>
      <span className={classes.phase}>
        <StateDot tone={tone} isLive={isLive} />
        {PHASE_WORDS[store.phase]}
        {store.phase === 'ready' && store.health === 'degraded' && <span className={classes.degraded}>· degraded</span>}
      </span>
      <span className={classes.detail}>
        {isLive ? <StepLine store={store} progress={progress} /> : <RestLine store={store} />}
      </span>
    </div>
  );
}

function StepLine({ store, progress }: StoreStateProps) {
  const place = progress === undefined ? null : placeOfStep(progress.step);
  if (progress === undefined || place === null || isOfAnotherWay(store, place.of)) {
    return <>{store.phase === 'deleting' ? 'Waiting for a worker' : 'Queued'}</>;
  }
  return (
    <span className="tabular">
      {place.position} of {place.of} · {STEP_WORDS[progress.step] ?? progress.step} · <Since at={progress.startedAt} />
    </span>
  );
}

/** A store that is being deleted may still have a step of its creation as its last one. */
const isOfAnotherWay = (store: Store, steps: number): boolean => (store.phase === 'deleting') !== (steps === 4);

function RestLine({ store }: { readonly store: Store }) {
  if (store.phase === 'failed') return <>{store.error?.message ?? 'No reason was recorded'}</>;
  if (store.phase !== 'ready') return null;
  if (store.health === 'degraded') return <>Not everything of it works</>;
  return <>{store.health === 'healthy' ? 'Healthy' : 'Health not seen yet'}</>;
}

export function toneOf(store: Pick<Store, 'phase' | 'health'>): { readonly tone: Tone; readonly isLive: boolean } {
  switch (store.phase) {
    case 'requested':
    case 'provisioning':
    case 'upgrading':
      return { tone: 'busy', isLive: true };
    case 'deleting':
      return { tone: 'idle', isLive: true };
    case 'failed':
      return { tone: 'bad', isLive: false };
    case 'deleted':
      return { tone: 'idle', isLive: false };
    case 'ready':
      return { tone: store.health === 'degraded' ? 'busy' : 'good', isLive: false };
  }
}
