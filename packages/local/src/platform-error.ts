// What a person can act on: what happened, where the log is, and what to do about it. No failure is told without the last.

export class PlatformError extends Error {
  override name = 'PlatformError';
  readonly remedy: string;
  readonly logFile: string | undefined;

  constructor(message: string, details: { remedy: string; logFile?: string; cause?: unknown }) {
    super(message, { cause: details.cause });
    this.remedy = details.remedy;
    this.logFile = details.logFile;
  }
}

/** What to do about any error at all: its own remedy, the machine's, or to report it. */
export function remedyOf(error: unknown): string {
  if (error instanceof PlatformError) return error.remedy;
  return remedyOfMachine(error) ?? 'this is a mistake in Souk itself; please report it with the lines above';
}

const ROOM = 'make room on the disk ("df -h" shows which one is full), then run this again';
const RIGHTS = 'run it as the user who may use what is named above, as root where a node of our own is wanted';
const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: ROOM,
  EDQUOT: ROOM,
  EACCES: RIGHTS,
  EPERM: RIGHTS,
  EROFS: 'what is named above can only be read; set SOUK_HOME and SOUK_CACHE to folders that can be written',
  EIO: 'the disk or its connection fails ("dmesg" tells more); see to it, then run this again',
  EMFILE: 'raise the limit of open files ("ulimit -n"), then run this again',
  ENFILE: 'end some programs: the machine has as many files open as it can',
  ENOMEM: 'end some programs: the machine has no memory left',
  EAGAIN: 'end some programs, or raise the limit of processes ("ulimit -u"), then run this again',
  EADDRINUSE: 'end the program that listens there ("ss -ltnp" names it), then run this again',
};

/** What the machine lacks, where an error or one of its causes is the operating system's own; null for every other. */
function remedyOfMachine(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { code = '', syscall = '', path = '' } = error as NodeJS.ErrnoException;
  // Of a file only Souk knows why it should be there; a program is for the machine to have.
  if (code === 'ENOENT' && syscall.startsWith('spawn')) return `install ${path}, or put its folder on the PATH`;
  return REMEDIES[code] ?? remedyOfMachine(error.cause);
}

/** What happened, and where the log is. A mistake of our own is told with where it was made. */
export function describe(error: unknown): string {
  if (error instanceof PlatformError) {
    return error.logFile === undefined ? error.message : `${error.message}\nlog: ${error.logFile}`;
  }
  const isOurs = error instanceof Error && remedyOfMachine(error) === null;
  return isOurs ? (error.stack ?? error.message) : messageOf(error);
}

/** The words shown to a person; one fact a line. */
export function explain(error: unknown): string {
  return `${describe(error)}\nwhat to do: ${remedyOf(error)}`;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
