// A small tile that tells engines apart at a glance; the engine's name stands beside it.
import classes from './engine-mark.module.css';

export function EngineMark({ engine, size = 32 }: { readonly engine: string; readonly size?: number }) {
  return (
    <span
      className={classes.mark}
      style={{ width: size, height: size, '--hue': hueOf(engine) } as React.CSSProperties}
      aria-hidden="true"
    >
      {engine.charAt(0).toUpperCase()}
    </span>
  );
}

/** Of the colour circle, in degrees; an engine nobody has heard of gets one as well. */
function hueOf(engine: string): number {
  let sum = 0;
  for (const letter of engine) sum = (sum * 31 + letter.charCodeAt(0)) % 360;
  return sum;
}
