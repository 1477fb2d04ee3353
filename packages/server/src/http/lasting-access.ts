// Answers that last (event streams, followed logs) end with the right to them: at once when a session, token, person, membership or
// tenant was ended, on whatever process; at the next look when it merely ran out.
import type { FastifyRequest } from 'fastify';
import type { EventHub } from '../events/event-hub.ts';
import type { Auth } from './auth.ts';

export interface LastingAccess {
  /** Calls `end` once, as soon as the caller of the request would no longer be let in. Answers how to stop watching. */
  watch(request: FastifyRequest, end: () => void): () => void;
}

// For what runs out by itself, and for a notification that was lost.
const LOOK_EVERY_MS = 15_000;

export function createLastingAccess(
  auth: Pick<Auth, 'callerOf' | 'findActorOf' | 'isStillWelcome'>,
  hub: Pick<EventHub, 'onAccessLost'>,
  lookEveryMs = LOOK_EVERY_MS,
): LastingAccess {
  return {
    watch(request, end) {
      const caller = auth.callerOf(request);
      const ids = [caller?.id, caller?.personId, caller?.sessionId, auth.findActorOf(request)?.tenantId];
      let isOver = false;
      const look = async (): Promise<void> => {
        if (!isOver && !(await auth.isStillWelcome(request)) && !isOver) {
          stop();
          end();
        }
      };
      const unwatch = hub.onAccessLost((id) => (id === null || ids.includes(id) ? void look() : undefined));
      const timer = setInterval(look, lookEveryMs);
      const stop = (): void => {
        isOver = true;
        clearInterval(timer);
        unwatch();
      };
      // The right may have gone between the check of the request and now.
      void look();
      return stop;
    },
  };
}
