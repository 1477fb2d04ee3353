// Many event streams at once: whether every one gets every event, how late at worst, and what the API process takes for it.
// node benchmarks/event-stream/run.ts [--clients 500] [--rate 1] [--seconds 60]
import { Agent, get } from 'node:http';
import { parseArgs } from 'node:util';
import { inTransaction } from '@souk/server/db/database.ts';
import { appendEvent } from '@souk/server/events/event-queries.ts';
import { distributionOf } from '../shared/distribution.ts';
import { type SeededPlatform, startSeededPlatform } from '../shared/seeded-platform.ts';
import { addTenantTokens } from '../shared/tenant-tokens.ts';

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '500' },
    rate: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '60' },
  },
});
const clients = Number(values.clients);
const rate = Number(values.rate);
// The platform allows a tenant so many streams.
const STREAMS_A_TENANT = 200;
const GRACE_MS = 3_000;

const platform = await startSeededPlatform({ stores: 0 });
const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });
try {
  const tenants = await addTenantTokens(platform.db, Math.ceil(clients / STREAMS_A_TENANT));
  const lateness: number[] = [];
  let received = 0;
  const open = await Promise.all(
    Array.from({ length: clients }, (_, index) => {
      const tenant = tenants[index % tenants.length];
      return openStream(platform, tenant?.token ?? '', (sentAt) => {
        received += 1;
        lateness.push(Date.now() - sentAt);
      });
    }),
  );
  const memoryBeforeMib = Math.round(await platform.readApiMemoryMib());
  const events = rate * Number(values.seconds);
  for (let index = 0; index < events; index += 1) {
    for (const { id } of tenants) await tell(platform, id);
    await new Promise((resolve) => setTimeout(resolve, 1000 / rate));
  }
  await new Promise((resolve) => setTimeout(resolve, GRACE_MS));
  const memoryMib = Math.round(await platform.readApiMemoryMib());
  for (const close of open) close();
  process.stdout.write(
    `${JSON.stringify({ clients, events, expected: clients * events, received, latenessMs: distributionOf(lateness), memoryBeforeMib, memoryMib }, null, 2)}\n`,
  );
  process.exitCode = received === clients * events ? 0 : 1;
} finally {
  agent.destroy();
  await platform.close();
}

async function tell({ db }: SeededPlatform, tenantId: string): Promise<void> {
  await inTransaction(db, (tx) =>
    appendEvent(tx, {
      ...{ type: 'store.health_changed', tenantId, storeId: null, actor: 'benchmark' },
      ...{ message: 'tick', details: { sentAt: Date.now() } },
    }),
  );
}

/** Resolves once the stream is open; gives what closes it. Raw, because a client library's work would be measured too. */
function openStream(
  { url, token: _ }: SeededPlatform,
  token: string,
  onEvent: (sentAt: number) => void,
): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
    const request = get(`${url}/api/v1/events`, { agent, headers }, (response) => {
      if (response.statusCode !== 200) {
        reject(new Error(`a stream was answered with ${response.statusCode}`));
        return;
      }
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const sentAt = /"sentAt":(\d+)/.exec(line)?.[1];
          if (sentAt !== undefined) onEvent(Number(sentAt));
        }
      });
      response.on('error', () => undefined);
      resolve(() => request.destroy());
    });
    request.on('error', reject);
  });
}
