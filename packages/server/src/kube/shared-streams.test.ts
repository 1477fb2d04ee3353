// Against a real HTTP/2 server without TLS, which a client may speak to where it knows that beforehand.
import assert from 'node:assert/strict';
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { waitUntil } from '../db/wait-until.ts';
import { createSharedStreams, type SharedStreams } from './shared-streams.ts';

describe('streams that share connections', () => {
  let server: Http2Server;
  let streams: SharedStreams;
  let sessions: ServerHttp2Session[];
  let answer: (stream: ServerHttp2Stream) => void;
  beforeEach(async () => {
    sessions = [];
    answer = (stream) => {
      stream.respond({ ':status': 200 });
      stream.write('hello');
    };
    server = createServer({ settings: { maxConcurrentStreams: 100 } });
    server.on('session', (session) => sessions.push(session));
    server.on('stream', (stream) => {
      stream.on('error', () => undefined);
      answer(stream);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    streams = createSharedStreams({
      server: new URL(`http://127.0.0.1:${port}`),
      ca: undefined,
      cert: undefined,
      key: undefined,
      isInsecure: false,
      authorize: async () => null,
    });
  });
  afterEach(async () => {
    streams.close();
    for (const session of sessions) session.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  const open = (signal = new AbortController().signal) => streams.open('/watched', { accept: 'text/plain' }, signal);

  it('are a hundred on one connection, and the next one is on another', async () => {
    const opened = await Promise.all(Array.from({ length: 101 }, () => open()));
    assert.ok(opened.every(({ status }) => status === 200));
    assert.equal(sessions.length, 2);
  });

  it('end by themselves when their connection dies, and the next one gets a new connection', async () => {
    const { stream } = await open();
    const reading = (async () => {
      for await (const _ of stream);
    })();
    sessions[0]?.destroy();
    await reading.catch(() => undefined);
    assert.equal((await open()).status, 200);
    assert.equal(sessions.length, 2);
  });

  it('leave a connection that does not answer to those that it answered', async () => {
    const { stream } = await open();
    answer = () => undefined;
    const deadline = new AbortController();
    const opening = open(deadline.signal);
    await waitUntil('it was asked', () => sessions[0]?.state.nextStreamID !== undefined);
    deadline.abort();
    await assert.rejects(opening);
    assert.equal(stream.destroyed, false);
    answer = (asked) => asked.respond({ ':status': 200 });
    assert.equal((await open()).status, 200);
    assert.equal(sessions.length, 2);
  });

  it('keep no connection when all of them have ended', async () => {
    const abort = new AbortController();
    const opened = await Promise.all([open(abort.signal), open(abort.signal)]);
    abort.abort();
    await waitUntil('the connection is closed', () => sessions.every(({ destroyed }) => destroyed));
    assert.ok(opened.every(({ stream }) => stream.destroyed));
  });

  it('fail where nobody listens, and where the answer is a refusal tell its status', async () => {
    answer = (stream) => {
      stream.respond({ ':status': 403 });
      stream.end();
    };
    assert.equal((await open()).status, 403);
    streams.close();
    for (const session of sessions) session.destroy();
    await new Promise((resolve) => server.close(resolve));
    await assert.rejects(open(), /ECONNREFUSED|closed/);
  });
});
