// A small tile that tells engines apart at a glance; the engine's name stands beside it.
import classes from './engine-mark.module.css';

export function EngineMark({ engine, size = 32 }: { readonly engine: string; readonly size?: number }) {
  return (
    <span className={classes.mark} data-engine={engine} style={{ width: size, height: size }} aria-hidden="true">
      {engine.charAt(0).toUpperCase()}
    </span>
  );
}
