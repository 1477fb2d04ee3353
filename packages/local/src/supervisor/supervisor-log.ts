// The supervisor's own log: one JSON object a line, for people with `jq` and for tests.

import { appendFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';

export type SupervisorLog = {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
};

export function openSupervisorLog(file: string): SupervisorLog {
  mkdirSync(path.dirname(file), { recursive: true });
  // Written at once: the line before a crash is the one that matters.
  const write =
    (level: string) =>
    (message: string, fields: Record<string, unknown> = {}) =>
      appendFileSync(file, `${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
  return { info: write('info'), warn: write('warn'), error: write('error') };
}
