// How much of a limit is used, as a bar with both numbers beside it.
import classes from './meter.module.css';

interface MeterProps {
  readonly label: string;
  readonly used: number;
  readonly limit: number;
  readonly format: (value: number) => string;
}

export function Meter({ label, used, limit, format }: MeterProps) {
  const share = limit <= 0 ? 0 : Math.min(1, used / limit);
  const tone = share >= 0.9 ? 'bad' : share >= 0.75 ? 'busy' : 'good';
  return (
    <div className={classes.meter}>
      <div className={classes.words}>
        <span>{label}</span>
        <span className={`${classes.figures} tabular`}>
          <b>{format(used)}</b> of {format(limit)}
        </span>
      </div>
      <div
        className={classes.bar}
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={limit}
        aria-valuenow={Math.min(used, limit)}
        aria-valuetext={`${format(used)} of ${format(limit)}`}
      >
        <div data-tone={tone} style={{ width: `${Math.max(share * 100, used > 0 ? 1.5 : 0)}%` }} />
      </div>
    </div>
  );
}
