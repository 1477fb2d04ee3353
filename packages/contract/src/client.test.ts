import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, describe, it } from 'node:test';
import { createClient } from './client.ts';
import { isRefusal, RefusedError, UnexpectedAnswerError, UnreachableError } from './client-errors.ts';
import type { ErrorCode } from './errors.ts';
import { ERRORS } from './errors.ts';
import type { Store } from './store.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const STORE: Store = {
  id: 'sto_3k9x0q7m2a',
  name: 'acme',
  engine: 'medusa',
  engineVersion: '2.18.0',
  plan: 'standard',
  phase: 'requested',
  health: 'unknown',
  storefrontUrl: 'http://acme.souk.localhost:8080',
  adminUrl: 'http://acme.souk.localhost:8080/app',
  error: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  readyAt: null,
  generation: 1,
  observedGeneration: 0,
};
const JOB = {
  id: 'job_5r1v8c2m0z',
  kind: 'reconcile-store',
  subject: STORE.id,
  state: 'available',
  attempt: 0,
  error: null,
  runAt: STORE.createdAt,
  createdAt: STORE.createdAt,
  startedAt: null,
  finishedAt: null,
};

let server: Server | null = null;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === null ? resolve(null) : server.close(resolve)));
  server = null;
});

/** Answers one request after the other with the given answers, the last one again and again. */
async function serve(...answers: Answer[]): Promise<{
  url: string;
  requests: { method: string; path: string; headers: IncomingMessage['headers']; body: string }[];
}> {
  const requests: { method: string; path: string; headers: IncomingMessage['headers']; body: string }[] = [];
  const started = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const answer = answers[Math.min(requests.length, answers.length - 1)];
      requests.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
      answer?.(request, response, body);
    });
  });
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const address = started.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`, requests };
}

const json =
  (value: unknown, status = 200): Answer =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
const refuse =
  (code: ErrorCode, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    response
      .writeHead(ERRORS[code].status, { 'content-type': 'application/problem+json', ...headers })
      .end(JSON.stringify({ type: `urn:${code}`, ...ERRORS[code], detail: `about ${code}`, code, requestId: 'r' }));
const hangUp: Answer = (request) => request.socket.destroy();

describe('the client', () => {
  it('sends the token and reads what the contract says', async () => {
    const { url, requests } = await serve(json(STORE));
    assert.deepEqual(await createClient({ url, token: 'secret' }).getStore(STORE.id), STORE);
    assert.equal(requests[0]?.path, `/api/v1/stores/${STORE.id}`);
    assert.equal(requests[0]?.headers.authorization, 'Bearer secret');
  });

  it('leaves out what was not asked for, and escapes what was', async () => {
    const { url, requests } = await serve(json({ items: [], next: null, cursor: '1.1' }));
    await createClient({ url, token: null }).listStores({ q: 'a&b', phase: 'ready' });
    assert.equal(requests[0]?.path, '/api/v1/stores?q=a%26b&phase=ready');
    assert.equal(requests[0]?.headers.authorization, undefined);
  });

  it('throws a refusal with its code and the words for people', async () => {
    const { url } = await serve(refuse('name_taken'));
    const client = createClient({ url, token: null });
    await assert.rejects(client.createStore({ name: 'acme', engine: 'medusa' }), (error) => {
      assert.ok(isRefusal(error, 'name_taken'));
      assert.equal(error.message, 'about name_taken');
      return true;
    });
  });

  it('repeats a create whose answer was lost, under the same idempotency key', async () => {
    const { url, requests } = await serve(hangUp, json({ store: STORE, job: JOB }, 201));
    const { store } = await createClient({ url, token: null }).createStore({ name: 'acme', engine: 'medusa' });
    assert.equal(store.id, STORE.id);
    const keys = requests.map(({ headers }) => headers['idempotency-key']);
    assert.equal(keys.length, 2);
    assert.equal(keys[0], keys[1]);
    assert.ok(keys[0]);
  });

  it('repeats a read while the platform is unavailable', async () => {
    const { url, requests } = await serve(refuse('unavailable'), hangUp, json(STORE));
    assert.equal((await createClient({ url, token: null }).getStore(STORE.id)).id, STORE.id);
    assert.equal(requests.length, 3);
  });

  it('waits as long as a rate limit asks for, when that is short', async () => {
    const { url, requests } = await serve(refuse('rate_limited', { 'retry-after': '1' }), json(STORE));
    const startedAt = performance.now();
    await createClient({ url, token: null }).getStore(STORE.id);
    assert.ok(performance.now() - startedAt >= 950);
    assert.equal(requests.length, 2);
  });

  it('does not wait for a long rate limit but says how long it is', async () => {
    const { url, requests } = await serve(refuse('rate_limited', { 'retry-after': '40' }));
    await assert.rejects(createClient({ url, token: null }).getStore(STORE.id), (error) => {
      assert.ok(error instanceof RefusedError);
      assert.equal(error.retryAfterMs, 40_000);
      return true;
    });
    assert.equal(requests.length, 1);
  });

  it('does not repeat a command, because nobody knows whether it was obeyed', async () => {
    const { url, requests } = await serve(hangUp);
    await assert.rejects(createClient({ url, token: null }).retryStore(STORE.id), UnreachableError);
    assert.equal(requests.length, 1);
  });

  it('looks up a deletion whose answer was lost instead of asking twice', async () => {
    const deleting = { ...STORE, phase: 'deleting' };
    const { url, requests } = await serve(hangUp, json(deleting), json({ items: [JOB] }));
    const { store, job } = await createClient({ url, token: null }).deleteStore(STORE.id);
    assert.equal(store.phase, 'deleting');
    assert.equal(job.id, JOB.id);
    assert.deepEqual(
      requests.map(({ method }) => method),
      ['DELETE', 'GET', 'GET'],
    );
  });

  it('deletes again when the lost request had not arrived', async () => {
    const { url, requests } = await serve(hangUp, json(STORE), json({ store: STORE, job: JOB }, 202));
    await createClient({ url, token: null }).deleteStore(STORE.id);
    assert.deepEqual(
      requests.map(({ method }) => method),
      ['DELETE', 'GET', 'DELETE'],
    );
  });

  it('names the address when nobody answers there', async () => {
    const client = createClient({ url: 'http://127.0.0.1:1', token: null, timeoutMs: 500 });
    await assert.rejects(client.retryStore(STORE.id), /http:\/\/127\.0\.0\.1:1 cannot be reached/);
  });

  it('gives up on a platform that takes the request and never answers', async () => {
    const { url } = await serve(() => undefined);
    await assert.rejects(
      createClient({ url, token: null, timeoutMs: 100 }).retryStore(STORE.id),
      /no answer within 0.1 s/,
    );
  });

  it('ends at once when the caller no longer wants it', async () => {
    const { url, requests } = await serve(() => undefined);
    const controller = new AbortController();
    const call = createClient({ url, token: null }).getStore(STORE.id, { signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await assert.rejects(call, { name: 'AbortError' });
    assert.equal(requests.length, 1);
  });

  it('says so when something else than Souk answers', async () => {
    const { url } = await serve((_request, response) => response.writeHead(404).end('<html>'));
    await assert.rejects(createClient({ url, token: null }).getStore(STORE.id), UnexpectedAnswerError);
  });

  it('says so when an answer is not in the contract', async () => {
    const { url } = await serve(json({ id: 'x' }));
    await assert.rejects(createClient({ url, token: null }).getStore(STORE.id), UnexpectedAnswerError);
  });

  it('asks again when the answer breaks off in its middle', async () => {
    const { url, requests } = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' });
      response.write('{"id":');
      setTimeout(() => response.destroy(), 20);
    }, json(STORE));
    assert.equal((await createClient({ url, token: null }).getStore(STORE.id)).id, STORE.id);
    assert.equal(requests.length, 2);
  });

  it('does not wait for ever for the rest of an answer', async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' });
      response.write('{"id":');
    });
    const client = createClient({ url, token: null, timeoutMs: 200 });
    await assert.rejects(client.retryStore(STORE.id), (error) => {
      assert.ok(error instanceof UnreachableError);
      assert.match(error.message, /no answer within 0.2 s/);
      return true;
    });
  });

  it('reads every page of a list', async () => {
    const page = (name: string, next: string | null) => json({ items: [{ ...STORE, name }], next, cursor: '1.1' });
    const { url, requests } = await serve(page('one', 'p2'), page('two', null));
    const names: string[] = [];
    for await (const { name } of createClient({ url, token: null }).eachStore()) names.push(name);
    assert.deepEqual(names, ['one', 'two']);
    assert.equal(requests[1]?.path, '/api/v1/stores?after=p2');
  });

  it('gives a log line by line as it comes', async () => {
    const { url } = await serve((_request, response) => {
      response.write('one\ntw');
      response.end('o\nthree');
    });
    const lines: string[] = [];
    for await (const line of createClient({ url, token: null }).readStoreLogs(STORE.id, { pod: 'a' })) lines.push(line);
    assert.deepEqual(lines, ['one', 'two', 'three']);
  });
});

describe('the event stream', () => {
  const event = (number: number) => ({
    id: `evt_${number}`,
    cursor: `1.${number}`,
    type: 'store.ready',
    storeId: STORE.id,
    at: STORE.createdAt,
    actor: 'worker',
    step: null,
    durationMs: null,
    message: 'ready',
    details: {},
  });
  const block = (number: number): string =>
    `id: 1.${number}\nevent: store.ready\ndata: ${JSON.stringify(event(number))}\n\n`;
  const stream =
    (...blocks: string[]): Answer =>
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const text of blocks) response.write(text);
      response.end();
    };
  const open =
    (...blocks: string[]): Answer =>
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const text of blocks) response.write(text);
    };

  async function take(
    count: number,
    url: string,
    options: Parameters<ReturnType<typeof createClient>['streamEvents']>[0] = {},
  ): Promise<string[]> {
    const seen: string[] = [];
    for await (const { id } of createClient({ url, token: null }).streamEvents(options)) {
      seen.push(id);
      if (seen.length === count) break;
    }
    return seen;
  }

  it('resumes after the last event that arrived, whatever cuts it', async () => {
    const { url, requests } = await serve(
      stream(block(1), block(2)),
      (request, response) => {
        stream(block(3), 'id: 1.4\ndata: {"half')(request, response, '');
      },
      refuse('unavailable'),
      hangUp,
      open(block(4)),
    );
    assert.deepEqual(await take(4, url, { after: '1.0' }), ['evt_1', 'evt_2', 'evt_3', 'evt_4']);
    assert.deepEqual(
      requests.map(({ headers }) => headers['last-event-id']),
      ['1.0', '1.2', '1.3', '1.3', '1.3'],
    );
  });

  it('tells of stores that look different beside the events, and resumes as if it had told nothing', async () => {
    const hint = 'event: observed\ndata: {"storeId":"sto_3k9x0q7m2a"}\n\n';
    const { url, requests } = await serve(stream(block(1), hint, 'event: observed\ndata: {}\n\n'), open(block(2)));
    const observed: string[] = [];
    const onObserved = (storeId: string): void => void observed.push(storeId);
    assert.deepEqual(await take(2, url, { onObserved }), ['evt_1', 'evt_2']);
    assert.deepEqual(observed, ['sto_3k9x0q7m2a']);
    assert.equal(requests[1]?.headers['last-event-id'], '1.1');
  });

  it('resumes where the stream began when it was cut before its first event', async () => {
    const { url, requests } = await serve(stream('id: 1.7\n\n'), open(block(8)));
    assert.deepEqual(await take(1, url), ['evt_8']);
    assert.equal(requests[0]?.headers['last-event-id'], undefined);
    assert.equal(requests[1]?.headers['last-event-id'], '1.7');
  });

  it('passes over events that it has no word for and goes on after them', async () => {
    const unknown = `id: 1.1\ndata: ${JSON.stringify({ ...event(1), type: 'store.painted' })}\n\n`;
    const { url, requests } = await serve(stream(': heartbeat\n\n', unknown), open(block(2)));
    assert.deepEqual(await take(1, url), ['evt_2']);
    assert.equal(requests[1]?.headers['last-event-id'], '1.1');
  });

  it('opens a connection again that has fallen silent', async () => {
    const { url } = await serve(open(block(1)), open(block(2)));
    assert.deepEqual(await take(2, url, { silenceMs: 100 }), ['evt_1', 'evt_2']);
  });

  it('ends with a refusal that waiting cannot mend', async () => {
    const { url } = await serve(refuse('cursor_expired'));
    await assert.rejects(take(1, url, { after: '1.0' }), (error) => isRefusal(error, 'cursor_expired'));
  });

  it('gives up when the platform stays away longer than the caller is patient', async () => {
    const { url } = await serve(hangUp);
    await assert.rejects(take(1, url, { patienceMs: 300 }), UnreachableError);
  });

  it('tells when it is connected and when it is cut', async () => {
    const told: boolean[] = [];
    const { url } = await serve(stream(block(1)), open(block(2)));
    await take(2, url, { onConnection: (isConnected) => told.push(isConnected) });
    assert.deepEqual(told, [true, false, true]);
  });

  it('ends when the caller no longer wants it, and closes its connection', async () => {
    const closed = Promise.withResolvers<void>();
    const { url } = await serve((request, response) => {
      request.socket.once('close', () => closed.resolve());
      open(block(1))(request, response, '');
    });
    const controller = new AbortController();
    const reading = take(2, url, { signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await assert.rejects(reading, { name: 'AbortError' });
    await closed.promise;
  });
});
