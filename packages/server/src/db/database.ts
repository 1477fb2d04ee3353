// The pool of connections and what every statement goes through. Promises: obtaining a connection is tried again, with jittered
// back-off, while Postgres restarts or the pool is exhausted; a connection that broke is never handed out again; no statement and
// no open transaction outlives its timeout; instants come back as Date and int8 as number.
import { Kysely, PostgresDialect, type RawBuilder, type Transaction } from 'kysely';
import pg from 'pg';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { backOffMs, isConnectionLost } from './connection-loss.ts';

// All statements are `sql` templates with their own row types, so Kysely is told of no tables.
type Tables = Record<never, never>;
/** Also accepts a `Tx`: what takes a `Db` may run inside a transaction. */
export type Db = Kysely<Tables>;
/** For statements that are only right inside a transaction. */
export type Tx = Transaction<Tables>;

export interface DatabaseOptions {
  readonly url: string;
  readonly maxConnections: number;
  readonly log: Log;
  /** Seen in pg_stat_activity. */
  readonly applicationName?: string;
  readonly statementTimeoutMs?: number;
  /** How long a caller waits for a connection while Postgres is away or the pool is exhausted. */
  readonly connectPatienceMs?: number;
  /**
   * Postgres plans each statement once a connection instead of each time. For few statements that run often: every text is kept, here
   * and in the server, as long as the connection lives.
   */
  readonly keepsPlans?: boolean;
}

export interface Database {
  readonly db: Db;
  readonly inOneTrip: InOneTrip;
  close(): Promise<void>;
}

/**
 * The rows of statements that need nothing of each other's answers, run in their order as one transaction (read committed). They are
 * sent together with their commit: what they lock is held for no round trip. Throws the first failure and repeats nothing. When the
 * server refused a statement, none of them holds; when its answer was lost or could not be read, all of them may.
 */
export type InOneTrip = <Rows extends readonly unknown[]>(
  statements: {
    readonly [Index in keyof Rows]: RawBuilder<Rows[Index]>;
  },
) => Promise<{ [Index in keyof Rows]: readonly Rows[Index][] }>;

const STATEMENT_TIMEOUT_MS = 10_000;
// A stopped process must not hold its row locks for long: others wait for them.
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 5_000;
const ANSWER_MARGIN_MS = 2_000;
const CONNECT_PATIENCE_MS = 5_000;

export function openDatabase(options: DatabaseOptions): Database {
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const patienceMs = options.connectPatienceMs ?? CONNECT_PATIENCE_MS;
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.maxConnections,
    application_name: options.applicationName ?? 'souk',
    statement_timeout: statementTimeoutMs,
    // The server's timeout answers first; this one is for a server that answers nothing at all.
    query_timeout: statementTimeoutMs + ANSWER_MARGIN_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    connectionTimeoutMillis: patienceMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    // Sends what is asked for without an answer to what came before; whoever awaits each answer sees no difference.
    pipeline: true,
    types: { getTypeParser },
  });
  // A connection that breaks while nobody uses it must not end the process; the pool replaces it on the next use.
  pool.on('error', (error) => options.log.warn({ err: error }, 'an idle database connection broke'));
  pool.on('connect', (client) => client.on('error', () => undefined));
  const db = new Kysely<Tables>({
    dialect: new PostgresDialect({
      pool: {
        options: pool.options,
        // Without cursors, which nobody here asks for.
        connect: async () => (await connectPatiently(pool, patienceMs, options)) as unknown as pg.PoolClient,
        end: () => pool.end(),
      },
    }),
  });
  const inOneTrip: InOneTrip = async (statements) => {
    const client = await connectPatiently(pool, patienceMs, options);
    try {
      const compiled = statements.map((statement) => statement.compile(db));
      // Each may take its time on the server, and all are waited for from now on.
      const withinMs = compiled.length * statementTimeoutMs + ANSWER_MARGIN_MS;
      const [, ...answers] = await allAnswered([
        client.query('begin isolation level read committed', [], withinMs),
        ...compiled.map(({ sql, parameters }) => client.query(sql, [...parameters], withinMs)),
        client.query('commit', [], withinMs),
      ]);
      return answers.slice(0, -1).map(({ rows }) => rows) as never;
    } finally {
      client.release();
    }
  };
  const close = async (): Promise<void> => {
    await db.destroy();
    // Kysely ends a pool only if it has asked something of it itself.
    if (!pool.ending) await pool.end();
  };
  return { db, inOneTrip, close };
}

/** Only when all have been answered is the connection free, also where the first one failed. */
async function allAnswered<T>(asked: readonly Promise<T>[]): Promise<readonly T[]> {
  const answers = await Promise.allSettled(asked);
  return answers.map((answer) => {
    if (answer.status === 'rejected') throw answer.reason;
    return answer.value;
  });
}

/**
 * Commits when `run` returns, rolls back when it throws. Run again: deadlocked or serialisation-refused transactions, and those whose
 * connection broke before the commit was sent. A commit without an answer is not repeated: it may have happened.
 */
export async function inTransaction<T>(
  db: Db,
  run: (tx: Tx) => Promise<T>,
  isolation: 'read committed' | 'repeatable read' = 'read committed',
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    let isCommitting = false;
    try {
      return await db
        .transaction()
        .setIsolationLevel(isolation)
        .execute(async (tx) => {
          const result = await run(tx);
          isCommitting = true;
          return result;
        });
    } catch (error) {
      const mayRepeat = isConflict(error) || (isConnectionLost(error) && !isCommitting);
      if (attempt >= 5 || !mayRepeat) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, backOffMs(attempt, 10, 200)));
    }
  }
}

function isConflict(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === '40001' || code === '40P01';
}

interface BorrowedClient {
  query(text: string, parameters?: readonly unknown[], withinMs?: number): Promise<pg.QueryResult>;
  release(discard?: boolean): void;
}

// Nothing has been sent yet, so trying again is always safe, whatever the statement will be.
async function connectPatiently(
  pool: pg.Pool,
  patienceMs: number,
  { log, keepsPlans = false }: DatabaseOptions,
): Promise<BorrowedClient> {
  const deadline = performance.now() + patienceMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return borrow(await pool.connect(), keepsPlans);
    } catch (error) {
      const pauseMs = backOffMs(attempt, 50, 1_000);
      if (!isConnectionLost(error) || performance.now() + pauseMs > deadline) {
        throw error;
      }
      log.debug({ attempt, reason: messageOf(error) }, 'waiting for the database');
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

function borrow(client: pg.PoolClient, keepsPlans: boolean): BorrowedClient {
  let isBroken = false;
  return {
    async query(text, parameters = [], withinMs) {
      try {
        const asked = {
          ...(keepsPlans && parameters.length > 0 && { name: nameOf(text) }),
          ...(withinMs !== undefined && { query_timeout: withinMs }),
          text,
          values: [...parameters],
        };
        return await client.query(asked);
      } catch (error) {
        // After a read timeout the answer may still come: it would be taken for the next statement's. And a plan that the server
        // has dropped would be asked for again and again.
        isBroken ||= isConnectionLost(error) || (error as { code?: unknown }).code === UNKNOWN_STATEMENT;
        throw error;
      }
    },
    release: (discard) => client.release(isBroken || discard === true),
  };
}

const UNKNOWN_STATEMENT = '26000';
const names = new Map<string, string>();

/** The same for the same text, and short: Postgres cuts longer names. */
function nameOf(text: string): string {
  const name = names.get(text) ?? `s${names.size}`;
  names.set(text, name);
  return name;
}

const INT8 = 20;

function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  return oid === INT8 ? parseInt8 : pg.types.getTypeParser(oid, format as 'text');
}

function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`int8 ${text} does not fit a JavaScript number`);
  }
  return value;
}
