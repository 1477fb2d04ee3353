// What can go wrong when one talks to the platform: it refused (with a code of the catalogue), it could not be reached, or it
// answered something that is not in the contract.
import type { ErrorCode, Problem } from './errors.ts';

/** The platform understood and said no. `problem.detail` is written for people. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly problem: Problem;
  /** From `Retry-After`; null when the platform did not say. */
  readonly retryAfterMs: number | null;

  constructor(problem: Problem, retryAfterMs: number | null) {
    super(problem.detail);
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }

  get code(): ErrorCode {
    return this.problem.code;
  }
}

export function isRefusal(error: unknown, code: ErrorCode): error is RefusedError {
  return error instanceof RefusedError && error.code === code;
}

/** No answer came: no connection, a connection that broke, or a deadline that passed. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
  readonly url: string;

  constructor(url: string, reason: string, cause?: unknown) {
    super(`the platform at ${url} cannot be reached: ${reason}`, { cause });
    this.url = url;
  }
}

/** Something else than Souk answers there, or a version that this client does not know. */
export class UnexpectedAnswerError extends Error {
  override readonly name = 'UnexpectedAnswerError';
}
