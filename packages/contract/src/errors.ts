// The one catalogue of errors that the API answers with: code, HTTP status, title. Clients switch on `code`; people read `detail`.
import { z } from 'zod';

export const ERRORS = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  unauthenticated: { status: 401, title: 'A valid token is needed' },
  sign_in_failed: { status: 401, title: 'Signing in failed' },
  forbidden: { status: 403, title: 'You may not do that' },
  foreign_origin: { status: 403, title: 'The request comes from another site' },
  store_not_found: { status: 404, title: 'There is no such store' },
  tenant_not_found: { status: 404, title: 'There is no such tenant' },
  not_found: { status: 404, title: 'There is nothing here' },
  method_not_allowed: { status: 405, title: 'This address does not answer that method' },
  name_taken: { status: 409, title: 'The name is taken' },
  already_deleting: { status: 409, title: 'The store is being deleted already' },
  not_retryable: { status: 409, title: 'The store cannot be retried now' },
  not_ready: { status: 409, title: 'The store is not ready yet' },
  already_member: { status: 409, title: 'They are a member already' },
  last_owner: { status: 409, title: 'A tenant needs an owner' },
  tenant_deleting: { status: 409, title: 'The tenant is being deleted' },
  tenant_needed: { status: 409, title: 'Say which tenant is meant' },
  idempotency_key_reused: { status: 409, title: 'The idempotency key was used for another request' },
  cursor_expired: { status: 410, title: 'The cursor is too old' },
  link_expired: { status: 410, title: 'The link is used up or too old' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body must be JSON' },
  engine_unavailable: { status: 422, title: 'The engine is not available on this platform' },
  plan_not_allowed: { status: 422, title: 'The plan is larger than this tenant may have' },
  not_supported: { status: 422, title: 'The engine cannot do that' },
  quota_exceeded: { status: 429, title: 'A limit is reached' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  unavailable: { status: 503, title: 'Temporarily unavailable' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof ERRORS;
export const ERROR_CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/** RFC 9457 problem details, plus `code`, `requestId` and, for bad input, each bad field with what is wrong. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(ERROR_CODES),
  requestId: z.string(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  limit: z.object({ name: z.string(), value: z.number(), used: z.number() }).optional(),
});
export type Problem = z.infer<typeof problemSchema>;
