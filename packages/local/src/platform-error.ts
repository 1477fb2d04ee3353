// What a person can act on: what happened, where the log is, and what to do about it.

export class PlatformError extends Error {
  override name = 'PlatformError';
  readonly logFile: string | undefined;
  readonly remedy: string | undefined;

  constructor(message: string, details: { logFile?: string; remedy?: string; cause?: unknown } = {}) {
    super(message, { cause: details.cause });
    this.logFile = details.logFile;
    this.remedy = details.remedy;
  }
}

/** The words shown to a person; one fact a line. */
export function explain(error: unknown): string {
  if (!(error instanceof PlatformError)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const lines = [error.message];
  if (error.logFile !== undefined) lines.push(`log: ${error.logFile}`);
  if (error.remedy !== undefined) lines.push(`what to do: ${error.remedy}`);
  return lines.join('\n');
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
