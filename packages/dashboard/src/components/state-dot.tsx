// A dot in the colour of a state, beside the word that says it: colour alone never tells.
import classes from './state-dot.module.css';

export type Tone = 'good' | 'busy' | 'bad' | 'idle';

export function StateDot({ tone, isLive = false }: { readonly tone: Tone; readonly isLive?: boolean }) {
  return <span className={classes.dot} data-tone={tone} data-live={isLive || undefined} aria-hidden="true" />;
}
