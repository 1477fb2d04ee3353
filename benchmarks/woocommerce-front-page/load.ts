// Loads one page as fast as it answers over a fixed number of kept connections, like `wrk` does.
import { Agent, request } from 'node:http';

export interface Load {
  readonly url: URL;
  /** The shop's name, sent as Host. */
  readonly host: string;
  readonly connections: number;
  readonly durationMs: number;
}

/** Pages that came whole and with 200; anything else is an error that ends the run. */
export async function loadPage({
  url,
  host,
  connections,
  durationMs,
}: Load): Promise<{ readonly pages: number; readonly perSecond: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const startedAt = performance.now();
  const endsAt = startedAt + durationMs;
  let pages = 0;
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const sent = request(
        url,
        { agent, headers: { host, accept: 'text/html', 'accept-encoding': 'gzip' } },
        (answer) => {
          if (answer.statusCode !== 200) reject(new Error(`${url.href} answered ${answer.statusCode}`));
          answer.on('end', resolve).on('error', reject).resume();
        },
      );
      sent.on('error', reject);
      sent.end();
    });
  const worker = async (): Promise<void> => {
    while (performance.now() < endsAt) {
      await one();
      pages += 1;
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, worker));
  } finally {
    agent.destroy();
  }
  return { pages, perSecond: pages / ((performance.now() - startedAt) / 1000) };
}
