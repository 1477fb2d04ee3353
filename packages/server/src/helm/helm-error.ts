// What a failed Helm process means. Helm has no error codes: its one line on standard error is all there is to go by.

// A release that is too large for etcd stays so, however often it is tried; `EOF` is Go's word, which others only contain.
const UNREACHABLE =
  /cluster unreachable|connection refused|i\/o timeout|no such host|TLS handshake timeout|etcdserver(?!: request is too large)/i;
const BROKEN_OFF = /\bEOF\b/;
// Trying again with the same chart and values gives the same answer.
const PERMANENT =
  /values don't meet the specifications|parse error|execution error at|error calling include|unable to build kubernetes objects|is invalid:|request is too large/i;

export class HelmError extends Error {
  override readonly name = 'HelmError';
  readonly isUnreachable: boolean;
  readonly isPermanent: boolean;

  constructor(verb: string, stderr: string, options?: ErrorOptions) {
    const said = lastErrorLine(stderr);
    super(`helm ${verb}: ${said}`, options);
    this.isUnreachable = UNREACHABLE.test(said) || BROKEN_OFF.test(said);
    this.isPermanent = !this.isUnreachable && PERMANENT.test(said);
  }
}

/** Helm's warnings come first; what matters follows the last `Error:` and may go over several lines. */
function lastErrorLine(stderr: string): string {
  const text = stderr.trim();
  const at = text.lastIndexOf('Error:');
  const said = (at < 0 ? text : text.slice(at + 'Error:'.length)).trim();
  return said === '' ? 'it ended without saying why' : said.slice(0, 2_000);
}
