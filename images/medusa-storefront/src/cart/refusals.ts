// Turns what went wrong between shop and backend into a sentence for the shopper, and keeps Medusa's own words for the log.
import { BackendRefusal, BackendUnreachable } from '../backend/request-backend.ts';

const AWAY = 'The shop is not answering right now. Please try again in a moment.';
const SOLD_OUT = 'There is not enough of this left in stock. Please choose a smaller quantity.';

/** Errors that are neither a refusal nor an absent backend are thrown on: they are mistakes of this program. */
export function explainToShopper(error: unknown, otherwise: string): string {
  if (error instanceof BackendUnreachable) return AWAY;
  if (!(error instanceof BackendRefusal)) throw error;
  console.warn(`refused by the backend (${error.httpStatus} ${error.type}): ${error.message}`);
  return explainReason(error.message, otherwise);
}

export function explainReason(reason: string, otherwise: string): string {
  return /inventory|stock/i.test(reason) ? SOLD_OUT : otherwise;
}
