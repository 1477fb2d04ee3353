// The one place where an error becomes an answer: problem+json with `code` and `requestId`. What is not ours to blame on the caller
// is logged whole and told as little as possible; a database that is away is 503, never 500.
import { ERRORS, type ErrorCode, type Problem } from '@souk/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { isConnectionLost, isDatabaseBusy } from '../db/connection-loss.ts';
import { AppError, type FieldProblem } from '../errors.ts';
import { isClusterUnreachable } from '../kube/kube-error.ts';

const refusals = new WeakMap<FastifyReply, ErrorCode>();

/** Which error was answered; null for what went well. */
export function readRefusalCode(reply: FastifyReply): ErrorCode | null {
  return refusals.get(reply) ?? null;
}

export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = toAppError(error);
  if (known.status >= 500) {
    request.log.error({ err: error }, 'a request failed');
  }
  refusals.set(reply, known.code);
  const { retryAfterSeconds, allow } = known.options;
  if (retryAfterSeconds !== undefined) {
    reply.header('retry-after', String(retryAfterSeconds));
  }
  if (allow !== undefined) {
    reply.header('allow', allow.join(', '));
  }
  if (known.code === 'unauthenticated') {
    reply.header('www-authenticate', 'Bearer');
  }
  const body = JSON.stringify(toProblem(known, request.id));
  return reply.code(known.status).type('application/problem+json; charset=utf-8').serializer(String).send(body);
}

export function toProblem(error: AppError, requestId: string): Problem {
  const { fields, limit } = error.options;
  return {
    type: `urn:souk:error:${error.code}`,
    title: ERRORS[error.code].title,
    status: error.status,
    detail: error.message,
    code: error.code,
    requestId,
    ...(fields !== undefined && { errors: fields.map((field) => ({ ...field })) }),
    ...(limit !== undefined && { limit: { ...limit } }),
  };
}

export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) {
    return error;
  }
  if (isConnectionLost(error)) {
    return new AppError('unavailable', 'The database cannot be reached; try again shortly.', {
      cause: error,
      retryAfterSeconds: 2,
    });
  }
  if (isDatabaseBusy(error)) {
    return new AppError('unavailable', 'The database is too busy; try again shortly.', {
      cause: error,
      retryAfterSeconds: 2,
    });
  }
  if (isClusterUnreachable(error)) {
    return new AppError('unavailable', 'The cluster cannot be reached; try again shortly.', {
      cause: error,
      retryAfterSeconds: 5,
    });
  }
  return (
    fromFramework(error) ?? new AppError('internal', 'Something went wrong on our side; try again.', { cause: error })
  );
}

// Fastify's own refusals of a request, by its codes.
function fromFramework(error: unknown): AppError | null {
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new AppError('payload_too_large', 'The body may hold at most 64 KiB.');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new AppError('unsupported_media_type', 'Send the body as application/json.');
    case 'FST_ERR_BAD_URL':
      return new AppError('invalid_request', 'The address is not well-formed.');
    default:
      return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
        ? new AppError('invalid_request', 'The request is not well-formed.', { cause: error })
        : null;
  }
}

/** Names every field that is wrong, unknown ones included. `part` says where: body, querystring, params or headers. */
export function toInvalidRequest(error: z.core.$ZodError, part: string): AppError {
  const fields = error.issues.flatMap((issue): FieldProblem[] => {
    const path = issue.path.map(String).join('.');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ field: path === '' ? key : `${path}.${key}`, message: 'is not known here' }));
    }
    return [{ field: path === '' ? part : path, message: issue.message }];
  });
  const named = [...new Set(fields.map(({ field }) => field))].slice(0, 10).join(', ');
  return new AppError('invalid_request', `Not valid: ${named}.`, { fields: fields.slice(0, 50) });
}
