// Server-sent events over fetch: bytes in, messages out, by the rules of the HTML standard. Pure reading; who reconnects and
// resumes is the client's business.

export interface ServerSentMessage {
  /** The last id the stream has sent; empty while it has sent none. */
  readonly id: string;
  readonly event: string;
  /** Empty when the block only moved the id on. */
  readonly data: string;
}

/** Ends when the stream ends. A message cut off by the end is dropped, as the standard asks. */
export async function* readServerSentMessages(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<ServerSentMessage, void> {
  let id = '';
  let event = '';
  let data: string[] = [];
  let hasNewId = false;
  for await (const line of readLines(body)) {
    if (line === '') {
      if (data.length > 0 || hasNewId) yield { id, event: event === '' ? 'message' : event, data: data.join('\n') };
      event = '';
      data = [];
      hasNewId = false;
      continue;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    // Anything else, comments such as heartbeats among them, has done its work by arriving.
    if (field === 'data') data.push(value);
    else if (field === 'event') event = value;
    else if (field === 'id' && !value.includes('\0')) {
      id = value;
      hasNewId = true;
    }
  }
}

/** The lines of a stream, without their ends (LF, CRLF or CR). A last line without an end counts. */
export async function* readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      // A CR at the very end may be half of a CRLF that the next chunk completes.
      const isSplit = !done && rest.endsWith('\r');
      const lines = (isSplit ? rest.slice(0, -1) : rest).split(/\r\n|\n|\r/);
      rest = (lines.pop() ?? '') + (isSplit ? '\r' : '');
      yield* lines;
      if (done) {
        if (rest !== '') yield rest;
        return;
      }
    }
  } finally {
    // Whoever stops reading wants no more: without this the connection would stay open behind them.
    await reader.cancel().catch(() => undefined);
  }
}
