// One JSON line per fact. error = a person must act; warn = it healed itself; info = one line per request and per job attempt.
// Fields that could hold a secret are cut out by name, as the last line of defence behind never passing them here.
import { type DestinationStream, type Logger, pino } from 'pino';

export type Log = Logger;
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const SECRET_FIELDS = [
  'password',
  'adminPassword',
  'token',
  'authorization',
  'cookie',
  'secret',
  'publishableKey',
  'connectionString',
  'databaseUrl',
];

export interface LogOptions {
  readonly level: LogLevel;
  /** Which process speaks, e.g. `api`. */
  readonly part: string;
  readonly destination?: DestinationStream;
}

export function createLog(options: LogOptions): Log {
  return pino(
    {
      level: options.level,
      base: { part: options.part, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[cut]' },
    },
    // Synchronous, so that the last lines before a crash are on disk when someone looks for them.
    options.destination ?? pino.destination({ fd: 1, sync: true }),
  );
}

/** For code under test that is given no log. */
export function silentLog(): Log {
  return pino({ level: 'silent' });
}
