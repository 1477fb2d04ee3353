// Whether the platform is heard, for the banner: 'starting' until the first word, then 'live' or 'away'.
export type ConnectionState = 'starting' | 'live' | 'away';

let state: ConnectionState = 'starting';
const listeners = new Set<() => void>();

export const connection = {
  get: (): ConnectionState => state,
  set(next: ConnectionState): void {
    if (next === state) return;
    state = next;
    for (const listener of listeners) listener();
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
