// How long something has been going on, counting up in whole seconds.
import { formatDuration } from '../lib/format.ts';
import { useNow } from '../lib/now.ts';

export function Since({ at }: { readonly at: string }) {
  const ageMs = Math.max(0, useNow(1_000) - Date.parse(at));
  return <span className="tabular">{formatDuration(Math.floor(ageMs / 1_000) * 1_000)}</span>;
}
