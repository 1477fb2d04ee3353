// One HTTP exchange with the platform: deadline, errors by the catalogue, and retries where sending twice does no harm.
import { TENANT_HEADER } from './access.ts';
import { RefusedError, UnexpectedAnswerError, UnreachableError } from './client-errors.ts';
import { problemSchema } from './errors.ts';

export interface Connection {
  /** Where the platform is, without `/api/v1`. */
  readonly url: string;
  /** Null: signed in by a cookie, or not at all. */
  readonly token: string | null;
  /** Which tenant is meant; needed only by those who are in several. */
  readonly tenant?: string | null;
  readonly fetch?: typeof fetch;
  /** For one attempt, until the headers are there. */
  readonly timeoutMs?: number;
}

export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the platform's address, e.g. `/api/v1/stores`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** Whether the same request may be sent again when nobody knows if it arrived. */
  readonly isRepeatable: boolean;
}

const DEFAULT_TIMEOUT_MS = 15_000;
const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** Resolves with a 2xx answer whose body is still unread; everything else is thrown. */
export async function exchange(connection: Connection, request: Exchange): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptOnce(connection, request);
    } catch (error) {
      const pauseMs = pauseBefore(error, attempt);
      if (pauseMs === null || !request.isRepeatable || attempt === ATTEMPTS) throw error;
      await pause(pauseMs, request.signal);
    }
  }
}

/** Null when another attempt would get the same answer. */
function pauseBefore(error: unknown, attempt: number): number | null {
  // Half of it random, so that many clients cut off at once do not come back at once.
  const backOffMs = FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random());
  if (error instanceof UnreachableError) return backOffMs;
  if (!(error instanceof RefusedError)) return null;
  if (error.code === 'unavailable') return Math.max(backOffMs, error.retryAfterMs ?? 0);
  if (error.code === 'rate_limited' && error.retryAfterMs !== null && error.retryAfterMs <= LONGEST_PAUSE_MS) {
    return error.retryAfterMs;
  }
  return null;
}

async function attemptOnce(connection: Connection, request: Exchange): Promise<Response> {
  const url = urlOf(connection, request);
  const headers: Record<string, string> = { accept: 'application/json', ...request.headers };
  if (connection.token !== null) headers.authorization = `Bearer ${connection.token}`;
  if (connection.tenant != null) headers[TENANT_HEADER] = connection.tenant;
  const hasBody = request.body !== undefined;
  if (hasBody) headers['content-type'] = 'application/json';

  const deadline = new AbortController();
  const timeoutMs = connection.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  // The deadline ends with the headers; the caller's signal also ends the reading of the body.
  const signal = request.signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, request.signal]);
  let response: Response;
  try {
    response = await (connection.fetch ?? fetch)(url, {
      method: request.method,
      headers,
      signal,
      ...(hasBody ? { body: JSON.stringify(request.body) } : {}),
    });
  } catch (error) {
    request.signal?.throwIfAborted();
    const reason = deadline.signal.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(error);
    throw new UnreachableError(connection.url, reason, error);
  } finally {
    clearTimeout(timer);
  }
  if (response.ok) return response;
  throw await refusal(connection, request, response);
}

function urlOf(connection: Connection, { path, query = {} }: Exchange): string {
  const url = new URL(path, connection.url);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url.href;
}

async function refusal(connection: Connection, request: Exchange, response: Response): Promise<Error> {
  const text = await response.text().catch(() => '');
  const problem = problemSchema.safeParse(parseJson(text));
  if (problem.success) {
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    return new RefusedError(problem.data, Number.isFinite(seconds) ? seconds * 1000 : null);
  }
  // A proxy in front answers like this while the platform behind it is away.
  if ([502, 503, 504].includes(response.status)) {
    return new UnreachableError(connection.url, `a proxy in front of it answered ${response.status}`);
  }
  return new UnexpectedAnswerError(
    `${request.method} ${request.path} answered ${response.status} without saying why; is ${connection.url} really Souk?`,
  );
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What the network layer says of its own error, which for Node's fetch is hidden one level down. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error) return 'code' in cause && cause.message === '' ? String(cause.code) : cause.message;
  return error instanceof Error ? error.message : String(error);
}

/** Rejects with the signal's reason when it is aborted meanwhile. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
