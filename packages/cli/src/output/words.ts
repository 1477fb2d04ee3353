// How durations, times and phases read, everywhere the same.
import type { Health, Phase, Store } from '@souk/contract';
import type { Colour } from './terminal.ts';

/** "17 ms", "0.4 s", "12.3 s", "2 min 05 s", "1 h 02 min". */
export function formatDuration(ms: number): string {
  if (ms < 99.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(seconds / 3600)} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')} min`;
}

/** "12 s ago", "5 min ago", "3 h ago", "9 d ago". */
export function formatAge(at: string, now = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(at)) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** Local time of day, with the date when it is not today's. */
export function formatTime(at: string, now = new Date()): string {
  const time = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  if (time.toDateString() === now.toDateString()) return clock;
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock}`;
}

const DURATION_UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, m: 60_000, h: 3_600_000 };

/** Reads "90", "90s", "10m", "1h"; null when it is none of these. A bare number counts seconds. */
export function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|min|m|h)?$/.exec(text.trim());
  if (match === null) return null;
  return Math.round(Number(match[1]) * (DURATION_UNITS_MS[match[2] ?? 's'] ?? 1000));
}

export function colourOfPhase(phase: Phase): Colour {
  switch (phase) {
    case 'ready':
      return 'green';
    case 'failed':
      return 'red';
    case 'deleted':
      return 'dim';
    case 'requested':
    case 'provisioning':
    case 'upgrading':
    case 'deleting':
      return 'yellow';
    default:
      return phase satisfies never;
  }
}

export function colourOfHealth(health: Health): Colour {
  switch (health) {
    case 'healthy':
      return 'green';
    case 'degraded':
      return 'red';
    case 'unknown':
      return 'dim';
    default:
      return health satisfies never;
  }
}

/** How long the store took from request to ready, or has been on its way. */
export function provisioningMs(store: Store, now = Date.now()): number {
  return (store.readyAt === null ? now : Date.parse(store.readyAt)) - Date.parse(store.createdAt);
}
