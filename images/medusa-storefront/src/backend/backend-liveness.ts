// Is the backend there at all? Asked before each page, so that a store that is starting is answered with a friendly 503
// instead of a crash; a recent yes is believed for two seconds, so a busy shop adds one tiny request every two seconds.
import { readSettings } from '../settings.ts';

const BELIEVED_MS = 2_000;
// Longer than a busy backend's pauses, shorter than a shopper's patience.
const DEADLINE_MS = 4_000;

let seenAliveAtMs = Number.NEGATIVE_INFINITY;

export async function isBackendAlive(): Promise<boolean> {
  if (performance.now() - seenAliveAtMs < BELIEVED_MS) return true;
  try {
    const response = await fetch(`${readSettings().backendUrl}/health`, {
      cache: 'no-store',
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    await response.body?.cancel();
    if (response.status >= 500) return false;
  } catch {
    // Refused, unresolved or too slow: all mean that nobody can shop right now.
    return false;
  }
  seenAliveAtMs = performance.now();
  return true;
}
