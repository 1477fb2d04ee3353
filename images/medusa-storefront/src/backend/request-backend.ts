// The only place that speaks to Medusa. It promises two kinds of failure: BackendUnreachable (nobody answered, or a gateway
// did: the store is starting or restarting) and BackendRefusal (Medusa answered and said no, with its reason).
import { readSettings } from '../settings.ts';

export class BackendUnreachable extends Error {
  override name = 'BackendUnreachable';
}

export class BackendRefusal extends Error {
  override name = 'BackendRefusal';
  readonly httpStatus: number;
  readonly type: string;

  constructor(httpStatus: number, type: string, message: string) {
    super(message);
    this.httpStatus = httpStatus;
    this.type = type;
  }
}

export interface BackendRequest {
  method?: 'GET' | 'POST' | 'DELETE';
  query?: Record<string, string | number | readonly string[] | undefined>;
  body?: unknown;
}

// A cold backend answers its first requests slowly; a shopper would rather wait than be told to come back.
const READ_DEADLINE_MS = 10_000;
// Placing an order runs a long workflow, and giving up on it early would leave the shopper not knowing.
const WRITE_DEADLINE_MS = 30_000;
const GATEWAY_STATUSES = new Set([502, 503, 504]);

/** `path` is below the backend's root and already encoded; the answer is trusted to have the shape asked for. */
export async function requestBackend<Answer>(path: string, request: BackendRequest = {}): Promise<Answer> {
  const response = await sendRequest(path, request);
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer as Answer;
  const { type, message } = (answer ?? {}) as { type?: string; message?: string };
  throw new BackendRefusal(response.status, type ?? 'unknown', message ?? `the backend answered ${response.status}`);
}

async function sendRequest(path: string, request: BackendRequest): Promise<Response> {
  const method = request.method ?? 'GET';
  try {
    return await fetchOnce(path, method, request);
  } catch (error) {
    // A kept-alive connection may have died with the previous backend; reading again is harmless, writing twice is not.
    if (method !== 'GET' || isDeadline(error)) throw unreachable(path, error);
  }
  try {
    return await fetchOnce(path, method, request);
  } catch (error) {
    throw unreachable(path, error);
  }
}

async function fetchOnce(path: string, method: string, { query, body }: BackendRequest): Promise<Response> {
  const { backendUrl, publishableKey } = readSettings();
  const response = await fetch(`${backendUrl}${path}${formatQuery(query)}`, {
    method,
    cache: 'no-store',
    headers: {
      'x-publishable-api-key': publishableKey,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    signal: AbortSignal.timeout(method === 'GET' ? READ_DEADLINE_MS : WRITE_DEADLINE_MS),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (GATEWAY_STATUSES.has(response.status)) throw new Error(`a gateway answered ${response.status}`);
  return response;
}

function formatQuery(query: BackendRequest['query']): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue;
    if (typeof value === 'object') for (const entry of value) parameters.append(`${name}[]`, entry);
    else parameters.append(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters}`;
}

function unreachable(path: string, cause: unknown): BackendUnreachable {
  return new BackendUnreachable(`the backend did not answer ${path}`, { cause });
}

function isDeadline(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError';
}
