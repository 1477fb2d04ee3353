// Distributions for the benchmarks: these machines are noisy, so every figure is shown as several quantiles.

export interface Distribution {
  readonly count: number;
  readonly min: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Quantiles by the nearest rank: every figure is one that was really seen. */
export function distributionOf(samples: readonly number[]): Distribution {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (quantile: number) => sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] ?? Number.NaN;
  return { count: sorted.length, min: at(0), p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

export interface Row {
  readonly name: string;
  readonly samplesMs: readonly number[];
}

/** One line a row, times in seconds. */
export function formatRows(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  const seconds = (ms: number) => (ms / 1000).toFixed(2).padStart(7);
  const head = `${''.padEnd(width)}  ${['n', 'min', 'p50', 'p95', 'max'].map((title) => title.padStart(7)).join(' ')}`;
  const lines = rows.map(({ name, samplesMs }) => {
    const { count, min, p50, p95, max } = distributionOf(samplesMs);
    return `${name.padEnd(width)}  ${[String(count).padStart(7), ...[min, p50, p95, max].map(seconds)].join(' ')}`;
  });
  return [head, ...lines].join('\n');
}
