// Ctrl-K: everywhere and everything by keyboard. Its code is fetched when it is opened first.
import { useHotkeys } from '@mantine/hooks';
import { lazy, Suspense, useState, useSyncExternalStore } from 'react';

const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }));

let openings = 0;
const listeners = new Set<() => void>();

export function openCommandPalette(): void {
  openings += 1;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function CommandPalette() {
  const wanted = useSyncExternalStore(subscribe, () => openings);
  const [closed, setClosed] = useState(0);
  useHotkeys([['mod+K', openCommandPalette]], []);
  if (wanted === 0) return null;
  return (
    <Suspense fallback={null}>
      <Palette isOpen={wanted > closed} onClose={() => setClosed(wanted)} />
    </Suspense>
  );
}
