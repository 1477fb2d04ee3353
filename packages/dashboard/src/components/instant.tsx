// An instant: how long ago, in the reader's words; exactly, in the reader's zone, on hover and for screen readers.
import { formatAge, formatExact } from '../lib/format.ts';
import { useNow } from '../lib/now.ts';

export function Instant({ at }: { readonly at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={formatExact(at)} className="tabular" style={{ whiteSpace: 'nowrap' }}>
      {formatAge(at, now)}
    </time>
  );
}
