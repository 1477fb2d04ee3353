// What a tenant is told as it happens, also of what belongs to none of its stores.
import type { Event } from '@souk/contract';
import type { Platform } from './platform.ts';

/** A list that grows with everything that is told from now on, until the signal. */
export async function listen({ client }: Platform, signal: AbortSignal): Promise<readonly Event[]> {
  const told: Event[] = [];
  const { cursor } = await client.listStores({ limit: 1 });
  const read = async (): Promise<void> => {
    for await (const event of client.streamEvents({ after: cursor, signal })) told.push(event);
  };
  // It ends with the signal; what it misses by ending earlier fails whoever looks for it.
  read().catch(() => undefined);
  return told;
}
