// Numbers and instants as people read them, in their own zone and language. Pure, but for the reader's locale.
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });

const UNITS = [
  ['second', 1_000, 60_000],
  ['minute', 60_000, 3_600_000],
  ['hour', 3_600_000, 86_400_000],
  ['day', 86_400_000, 30 * 86_400_000],
  ['month', 30 * 86_400_000, 365 * 86_400_000],
  ['year', 365 * 86_400_000, Number.POSITIVE_INFINITY],
] as const;

export const formatExact = (at: string): string => exact.format(new Date(at));
export const formatClock = (at: string): string => clock.format(new Date(at));
export const formatDay = (at: string): string => day.format(new Date(at));

/** "3 min. ago". A clock that runs ahead of ours says "now", not "in 2 seconds". */
export function formatAge(at: string, now: number): string {
  const ageMs = Math.max(0, now - Date.parse(at));
  if (ageMs < 5_000) return 'now';
  const [unit, size] = UNITS.find(([, , below]) => ageMs < below) ?? UNITS[5];
  return relative.format(-Math.floor(ageMs / size), unit);
}

/** "850 ms", "4.2 s", "2 min 5 s". */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1_000)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function formatMib(mib: number): string {
  return mib >= 1024 ? `${(mib / 1024).toFixed(mib >= 10_240 ? 0 : 1)} GiB` : `${Math.round(mib)} MiB`;
}

export function formatCores(millicores: number): string {
  const digits = millicores < 100 ? 3 : millicores < 1000 ? 2 : 1;
  const cores = Number((millicores / 1000).toFixed(digits));
  return `${cores} ${cores === 1 ? 'core' : 'cores'}`;
}
