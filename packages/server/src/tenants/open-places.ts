// How many things one tenant may hold open in this process at once: event streams, logs that are followed. Each costs a connection
// for as long as its client likes, so a place is taken before anything is opened and given back when it ends, however it ends.
import { AppError } from '../errors.ts';

export interface OpenPlaces {
  /** Throws `rate_limited` where all are taken; else answers how to give the place back, which is harmless to do twice. */
  take(tenantId: string): () => void;
}

/** `name` is what is counted, in the plural, for the message. */
export function createOpenPlaces(name: string, most: number): OpenPlaces {
  const taken = new Map<string, number>();
  return {
    take(tenantId) {
      const used = taken.get(tenantId) ?? 0;
      if (used >= most) {
        throw new AppError('rate_limited', `At most ${most} ${name} at once; close one.`, {
          retryAfterSeconds: 5,
          limit: { name, value: most, used },
        });
      }
      taken.set(tenantId, used + 1);
      let isGivenBack = false;
      return () => {
        if (isGivenBack) {
          return;
        }
        isGivenBack = true;
        const left = (taken.get(tenantId) ?? 1) - 1;
        if (left > 0) {
          taken.set(tenantId, left);
        } else {
          taken.delete(tenantId);
        }
      };
    },
  };
}
