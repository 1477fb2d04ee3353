// As much of a platform as commands need: stores in memory, answers in the contract's form, events that tests decide on.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { ERRORS, type ErrorCode, type Event, type Job, type Pod, type Store } from '@souk/contract';

const AT = '2026-01-01T00:00:00.000Z';

export interface PlatformStub {
  readonly env: NodeJS.ProcessEnv;
  readonly stores: Store[];
  readonly events: Event[];
  /** Of every store; each has said its name. */
  readonly pods: Pod[];
  readonly requests: string[];
  /** The next request to this method and path is refused. */
  readonly refuse: (request: string, code: ErrorCode) => void;
  /** What happens to a store once it is asked for or deleted. */
  script: (store: Store, stub: PlatformStub) => void;
  readonly tell: (store: Store, change: Partial<Event>) => void;
  readonly change: (id: string, change: Partial<Store>) => void;
  readonly close: () => Promise<void>;
}

export function storeNamed(name: string, change: Partial<Store> = {}): Store {
  const id = `sto_${name.replaceAll('-', '').padEnd(10, '0').slice(0, 10)}`;
  return {
    id,
    name,
    engine: 'medusa',
    engineVersion: '2.18.0',
    plan: 'standard',
    phase: 'ready',
    health: 'healthy',
    storefrontUrl: `http://${name}.souk.localhost:8080`,
    adminUrl: `http://${name}.souk.localhost:8080/app`,
    error: null,
    createdAt: AT,
    readyAt: '2026-01-01T00:00:12.300Z',
    generation: 1,
    observedGeneration: 1,
    ...change,
  };
}

export async function startPlatformStub(): Promise<PlatformStub> {
  const refusals = new Map<string, ErrorCode>();
  const listeners = new Set<() => void>();
  const stub: PlatformStub = {
    env: {},
    stores: [],
    events: [],
    pods: [],
    requests: [],
    refuse: (request, code) => refusals.set(request, code),
    script: () => undefined,
    tell: (store, change) => {
      const number = stub.events.length + 1;
      stub.events.push({
        ...{ id: `evt_${number}`, cursor: `1.${number}`, type: 'store.requested', storeId: store.id, at: AT },
        ...{ actor: 'worker-1', step: null, durationMs: null, message: 'something', details: {} },
        ...change,
      });
      for (const listener of listeners) listener();
    },
    change: (id, change) => {
      const index = stub.stores.findIndex((store) => store.id === id);
      const store = stub.stores[index];
      if (store !== undefined) stub.stores[index] = { ...store, ...change };
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  Object.assign(stub.env, { SOUK_URL: `http://localhost:${port}`, SOUK_TOKEN: 'test-token' });
  return stub;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://stub');
    const what = `${request.method} ${url.pathname}`;
    stub.requests.push(what);
    const code = refusals.get(what);
    refusals.delete(what);
    if (code !== undefined) return refuse(response, code);
    const [, , , collection = '', id = '', part = ''] = url.pathname.split('/');
    if (what === 'GET /api/v1/events') return stream(request, response, url.searchParams.get('store'));
    if (what === 'GET /api/v1/engines') {
      return send(response, 200, {
        items: [
          { name: 'medusa', title: 'Medusa', summary: 'A shop', version: '2.18.0', available: true, reason: null },
        ],
      });
    }
    if (what === 'GET /api/v1/stores') {
      const q = url.searchParams.get('q') ?? '';
      const items = stub.stores.filter(({ name, phase }) => name.includes(q) && phase !== 'deleted');
      return send(response, 200, { items, next: null, cursor: `1.${stub.events.length}` });
    }
    if (what === 'POST /api/v1/stores') {
      const body = (await json(request)) as { name: string };
      const store = storeNamed(body.name, { phase: 'requested', readyAt: null });
      stub.stores.push(store);
      send(response, 201, { store, job: jobOf(store) });
      return stub.script(store, stub);
    }
    const store = stub.stores.find((candidate) => candidate.id === id);
    if (collection !== 'stores' || store === undefined) return refuse(response, 'store_not_found');
    switch (`${request.method} ${part}`) {
      case 'GET ':
        return send(response, 200, store);
      case 'GET events':
        return send(response, 200, { items: stub.events.filter(({ storeId }) => storeId === id), next: null });
      case 'GET pods':
        return send(response, 200, { items: stub.pods });
      case 'GET logs':
        response.writeHead(200, { 'content-type': 'text/plain' }).end(`I am ${url.searchParams.get('pod')}\n`);
        return;
      case 'POST credentials':
        return send(response, 200, { adminUrl: store.adminUrl, username: 'admin@example.com', password: 'a secret' });
      case 'DELETE ':
      case 'POST retry':
      case 'POST repair':
        send(response, 202, { store, job: jobOf(store) });
        return stub.script(store, stub);
      default:
        return refuse(response, 'not_found');
    }
  }

  function stream(request: IncomingMessage, response: ServerResponse, storeId: string | null): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let sent = Number(String(request.headers['last-event-id'] ?? `1.${stub.events.length}`).split('.')[1]);
    const catchUp = (): void => {
      for (const event of stub.events.slice(sent)) {
        if (storeId === null || event.storeId === storeId)
          response.write(`id: ${event.cursor}\ndata: ${JSON.stringify(event)}\n\n`);
      }
      sent = stub.events.length;
    };
    response.flushHeaders();
    listeners.add(catchUp);
    request.socket.once('close', () => listeners.delete(catchUp));
    catchUp();
  }
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function refuse(response: ServerResponse, code: ErrorCode): void {
  const problem = {
    type: `urn:souk:error:${code}`,
    ...ERRORS[code],
    detail: `${ERRORS[code].title}.`,
    code,
    requestId: 'req',
  };
  response.writeHead(ERRORS[code].status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
}

function jobOf(store: Store): Job {
  return {
    ...{
      id: 'job_5r1v8c2m0z',
      kind: 'reconcile-store',
      subject: store.id,
      state: 'available',
      attempt: 0,
      error: null,
    },
    ...{ runAt: AT, createdAt: AT, startedAt: null, finishedAt: null },
  };
}
