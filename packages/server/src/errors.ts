// The two errors that mean something to the machinery. `AppError` is what a caller of the API is told; `TerminalError` is what
// stops a job for good. Every other error is a surprise: logged whole, told to nobody, and retried where there is a job to retry.
import { ERRORS, type ErrorCode } from '@souk/contract';

export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

export interface ReachedLimit {
  readonly name: string;
  readonly value: number;
  readonly used: number;
}

export interface AppErrorOptions {
  /** Logged, never sent. */
  readonly cause?: unknown;
  readonly fields?: readonly FieldProblem[];
  readonly limit?: ReachedLimit;
  readonly retryAfterSeconds?: number;
  /** The methods that an address does answer, for 405. */
  readonly allow?: readonly string[];
}

export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly options: AppErrorOptions;

  /** `publicMessage` is shown to the caller as it is: it names the limit or the mistake, and the remedy. */
  constructor(code: ErrorCode, publicMessage: string, options: AppErrorOptions = {}) {
    super(publicMessage, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.options = options;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}

/** Ends a job's attempts for good. Any other error thrown by an attempt is tried again with back-off. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
  /** A short machine word for what went wrong, e.g. `image_missing`. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What a lost lease aborts an attempt with, and what a refused write of a former holder throws. Nothing is retried here. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
