// How a command ends: exit codes that scripts may rely on, and for every error what happened and what to do about it.
import { RefusedError, UnexpectedAnswerError, UnreachableError } from '@souk/contract';
// Not from the package's index, which loads all of the local platform: most commands have no use for it.
import { describe, remedyOf } from '@souk/local/platform-error.ts';

export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  timeout: 5,
  unreachable: 6,
  interrupted: 130,
} as const;
export type ExitCode = number;

/** Shown in `souk help`. */
export const EXIT_CODE_HELP: readonly (readonly [number, string])[] = [
  [EXIT.ok, 'done'],
  [EXIT.failure, 'failed; standard error says why'],
  [EXIT.usage, 'the command line is not right'],
  [EXIT.notFound, 'there is no such thing'],
  [EXIT.conflict, 'refused: a conflict or a limit'],
  [EXIT.timeout, 'it took longer than --timeout'],
  [EXIT.unreachable, 'the platform cannot be reached'],
];

/** An error of ours, with its exit code and the way out. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
  readonly exitCode: ExitCode;
  readonly remedy: string;

  constructor(exitCode: ExitCode, message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
    this.remedy = remedy;
  }
}

export class UsageError extends CommandError {
  override readonly name = 'UsageError';

  constructor(message: string, command: string) {
    super(EXIT.usage, message, `see "souk help${command === '' ? '' : ` ${command}`}"`);
  }
}

export interface Ending {
  readonly exitCode: ExitCode;
  readonly message: string;
  readonly remedy: string;
}

export function endingOf(error: unknown): Ending {
  if (error instanceof CommandError) return { exitCode: error.exitCode, message: error.message, remedy: error.remedy };
  if (error instanceof RefusedError) return refusalEnding(error);
  if (error instanceof UnreachableError) {
    return {
      exitCode: EXIT.unreachable,
      message: error.message,
      remedy: '"souk status" shows what runs, "souk up" starts the platform; SOUK_URL names another one',
    };
  }
  if (error instanceof UnexpectedAnswerError) {
    const remedy = 'check SOUK_URL, and that this command and the platform are of the same version';
    return { exitCode: EXIT.failure, message: error.message, remedy };
  }
  return { exitCode: EXIT.failure, message: describe(error), remedy: remedyOf(error) };
}

function refusalEnding({ problem, retryAfterMs }: RefusedError): Ending {
  const fields = (problem.errors ?? []).map(({ field, message }) => `\n  ${field}: ${message}`);
  const message = `${problem.detail}${fields.join('')}`;
  switch (problem.code) {
    case 'unauthenticated':
    case 'forbidden':
      return {
        exitCode: EXIT.failure,
        message,
        remedy: 'check SOUK_TOKEN; "souk token" prints the local platform\'s own',
      };
    case 'invalid_request':
      return { exitCode: EXIT.usage, message, remedy: 'correct what is named above' };
    case 'store_not_found':
    case 'not_found':
      return { exitCode: EXIT.notFound, message, remedy: '"souk store list" shows every store' };
    case 'engine_unavailable':
      return { exitCode: EXIT.conflict, message, remedy: 'choose another --engine' };
    case 'name_taken':
      return { exitCode: EXIT.conflict, message, remedy: 'choose another name, or delete the store that has it' };
    case 'tenant_needed':
    case 'tenant_not_found':
      return { exitCode: EXIT.usage, message, remedy: 'name the tenant by SOUK_TENANT' };
    case 'already_member':
    case 'last_owner':
      return { exitCode: EXIT.conflict, message, remedy: '"souk member list" shows every member' };
    case 'already_deleting':
      return {
        exitCode: EXIT.conflict,
        message,
        remedy: 'nothing is left to do; "souk store events STORE --follow" shows the deletion',
      };
    case 'not_retryable':
    case 'not_repairable':
    case 'not_ready':
      return { exitCode: EXIT.conflict, message, remedy: '"souk store show STORE" tells its phase' };
    case 'quota_exceeded':
      return { exitCode: EXIT.conflict, message, remedy: 'delete a store you no longer need ("souk store list")' };
    case 'rate_limited':
      return {
        exitCode: EXIT.conflict,
        message,
        remedy: `try again in ${Math.ceil((retryAfterMs ?? 60_000) / 1000)} s`,
      };
    case 'unavailable':
      return { exitCode: EXIT.unreachable, message, remedy: 'try again in a moment; "souk status" shows what runs' };
    default:
      return {
        exitCode: EXIT.failure,
        message,
        remedy: `the platform's log has more under request ${problem.requestId}`,
      };
  }
}
