// Which errors mean that Postgres is away or busy for a while (as opposed to: the statement is wrong), and how long to wait then.

const AWAY_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EAI_AGAIN',
  '57P01', // terminated by an administrator
  '57P02', // crash of another backend
  '57P03', // starting up
  '57P05', // idle session timeout
  '25P03', // idle in transaction timeout: the connection is gone
  '53300', // too many connections
  '08000',
  '08001',
  '08003',
  '08004',
  '08006',
]);

// pg has no codes for these.
const AWAY_MESSAGES = [
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'Query read timeout',
  'Client has encountered a connection error',
  'Client was closed',
];

export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) {
    return false;
  }
  const code = (error as { code?: unknown }).code;
  return (
    (typeof code === 'string' && AWAY_CODES.has(code)) ||
    AWAY_MESSAGES.some((message) => error.message.includes(message))
  );
}

const BUSY_CODES: ReadonlySet<string> = new Set([
  '57014', // the statement's timeout
  '55P03', // a lock's timeout
  '53100', // disk full
  '53200', // out of memory
  '40001', // conflicts that several repetitions did not end
  '40P01',
]);

/** The connection is sound and the statement right, but the database could not do it now. */
export function isDatabaseBusy(error: unknown): boolean {
  return error instanceof Error && BUSY_CODES.has(String((error as { code?: unknown }).code));
}

/** Doubles from `firstMs` to `mostMs`; the jitter keeps many processes from coming back in the same instant. */
export function backOffMs(attempt: number, firstMs: number, mostMs: number): number {
  const ceiling = Math.min(mostMs, firstMs * 2 ** Math.min(attempt - 1, 30));
  return ceiling / 2 + (Math.random() * ceiling) / 2;
}
