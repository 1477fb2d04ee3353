// The platform under test, from outside: its facts as platform.json tells them, its API, its stores through the edge, and the two
// commands that people have (`./souk`, kubectl). SOUK_HOME names it; without one nothing here runs.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createClient, type SoukClient, type Store } from '@souk/contract';

const run = promisify(execFile);
const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));
const OUTPUT_LIMIT = 64 * 1024 * 1024;

export interface PlatformFacts {
  readonly port: number;
  readonly baseDomain: string;
  readonly apiUrl: string;
  readonly edgeUrl: string;
  readonly kubeconfig: string;
  readonly netns: string;
  readonly nodeIp: string;
  readonly volumesDir: string;
  readonly programsDir: string;
  readonly tokenFile: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: () => unknown;
}

export interface RawRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is, so that it may be wrong in any way. */
  readonly body?: string | Buffer;
}

export interface Platform {
  readonly home: string;
  readonly facts: PlatformFacts;
  readonly token: string;
  readonly client: SoukClient;
  /** To the platform's own address; nothing is added, not even the token. */
  readonly send: (path: string, request?: RawRequest) => Promise<Answer>;
  /** To a store by its host name, as a shopper. */
  readonly shop: (store: Pick<Store, 'storefrontUrl'>, path: string, request?: RawRequest) => Promise<Answer>;
  /** Runs ./souk; throws with what it wrote when it fails. */
  readonly souk: (...args: string[]) => Promise<string>;
  readonly kubectl: (...args: string[]) => Promise<string>;
  readonly close: () => void;
}

/** Why nothing can be tested here, or false: to be given to `skip`. */
export function whyNoPlatform(): string | false {
  const home = process.env.SOUK_HOME;
  if (home === undefined) return 'SOUK_HOME names no platform';
  try {
    readFacts(home);
    return false;
  } catch {
    return `no platform is up in ${home}`;
  }
}

export function connectToPlatform(): Platform {
  const home = process.env.SOUK_HOME ?? '';
  const facts = readFacts(home);
  const token = readFileSync(facts.tokenFile, 'utf8').trim();
  const agent = new Agent({ keepAlive: true });
  const command = async (file: string, args: readonly string[]): Promise<string> => {
    try {
      const { stdout } = await run(file, args, { env: process.env, maxBuffer: OUTPUT_LIMIT });
      return stdout;
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new Error(`${path.basename(file)} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
    }
  };
  return {
    home,
    facts,
    token,
    client: createClient({ url: facts.edgeUrl, token }),
    send: async (target, raw = {}) => await send(agent, new URL(target, facts.edgeUrl), raw),
    shop: async ({ storefrontUrl }, target, raw = {}) => {
      const headers = { host: new URL(storefrontUrl).host, ...raw.headers };
      return await send(agent, new URL(target, facts.edgeUrl), { ...raw, headers });
    },
    souk: async (...args) => await command(path.join(REPOSITORY, 'souk'), args),
    kubectl: async (...args) =>
      await command(path.join(facts.programsDir, 'kubectl'), ['--kubeconfig', facts.kubeconfig, ...args]),
    close: () => agent.destroy(),
  };
}

function readFacts(home: string): PlatformFacts {
  return JSON.parse(readFileSync(path.join(home, 'platform.json'), 'utf8')) as PlatformFacts;
}

async function send(agent: Agent, url: URL, { method = 'GET', headers = {}, body }: RawRequest): Promise<Answer> {
  const answered = Promise.withResolvers<Answer>();
  const outgoing = request(url, { agent, method, headers, timeout: 30_000 });
  outgoing.once('timeout', () => outgoing.destroy(new Error(`${method} ${url.href} had no answer within 30 s`)));
  outgoing.once('error', answered.reject);
  outgoing.once('response', (incoming) => {
    text(incoming).then(
      (all) =>
        answered.resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          text: all,
          json: () => JSON.parse(all) as unknown,
        }),
      answered.reject,
    );
  });
  outgoing.end(body);
  return await answered.promise;
}
