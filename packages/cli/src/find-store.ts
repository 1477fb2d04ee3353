// People name a store by its name, programs by its id; commands take both.
import { type SoukClient, type Store, storeIdSchema } from '@souk/contract';
import { CommandError, EXIT } from './exit-code.ts';

export async function findStore(client: SoukClient, nameOrId: string, signal?: AbortSignal): Promise<Store> {
  if (storeIdSchema.safeParse(nameOrId).success) return await client.getStore(nameOrId, { signal });
  for await (const store of client.eachStore({ q: nameOrId, limit: 200, signal })) {
    if (store.name === nameOrId) return store;
  }
  throw new CommandError(
    EXIT.notFound,
    `there is no store called "${nameOrId}"`,
    '"souk store list" shows every store',
  );
}
