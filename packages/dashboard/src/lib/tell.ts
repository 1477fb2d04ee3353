// Short news in the corner of the screen: what was done, and what the platform refused and why.
import { notifications } from '@mantine/notifications';
import { RefusedError, UnreachableError } from '@souk/contract';

export function tellDone(message: string, title?: string): void {
  notifications.show({ message, color: 'teal', autoClose: 5_000, ...(title === undefined ? {} : { title }) });
}

export function tellRefusal(error: unknown): void {
  notifications.show({ title: titleOf(error), message: messageOf(error), color: 'red', autoClose: 10_000 });
}

export function titleOf(error: unknown): string {
  if (error instanceof RefusedError) return error.problem.title;
  if (error instanceof UnreachableError) return 'The platform does not answer';
  return 'Something went wrong';
}

/** Written for people by the platform; with the request's id where there is one, which its logs know. */
export function messageOf(error: unknown): string {
  if (error instanceof RefusedError) {
    const { detail, status, requestId } = error.problem;
    return status >= 500 ? `${detail} (request ${requestId})` : detail;
  }
  if (error instanceof UnreachableError) return 'Nothing is lost; it is tried again as soon as it answers.';
  return error instanceof Error ? error.message : String(error);
}
