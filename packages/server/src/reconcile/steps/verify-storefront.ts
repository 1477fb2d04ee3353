// The last word on `ready`: through the public address, as a shopper, a product is listed and put into a cart.
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, TerminalError } from '../../errors.ts';
import { createShopClient } from '../shop-client.ts';
import { DONE, type StepOutcome, waiting } from '../step.ts';
import type { StoreScope } from '../store-scope.ts';

// The route goes live some milliseconds after the pods are ready, and nothing tells when: so it is tried, quickly at first.
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 500;
const TRY_FOR_MS = 10_000;
const RECHECK_MS = 2_000;

export async function verifyStorefront(scope: StoreScope): Promise<StepOutcome> {
  // A shop that is ready and that this attempt has not touched is left in peace; the watch tells when it is not well.
  if (scope.store.phase === 'ready' && !scope.hasActed()) {
    return DONE;
  }
  scope.announce();
  const signal = AbortSignal.any([scope.lease.signal, scope.superseded]);
  const shop = createShopClient(scope);
  const giveUpAt = performance.now() + TRY_FOR_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      await scope.engine.verify(shop);
      return DONE;
    } catch (error) {
      signal.throwIfAborted();
      if (performance.now() >= giveUpAt) {
        return giveBack(scope, error);
      }
      await delay(pauseMs, undefined, { signal });
    }
  }
}

function giveBack(scope: StoreScope, error: unknown): StepOutcome {
  if (scope.provisionMsLeft() <= 0) {
    throw new TerminalError('verification_failed', `the shop does not work: ${messageOf(error)}`, { cause: error });
  }
  return waiting(RECHECK_MS, `the shop does not work yet: ${messageOf(error)}`);
}
