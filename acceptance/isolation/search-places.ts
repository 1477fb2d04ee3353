// Everything that a secret could have got into, as texts with a name each.
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Store } from '@souk/contract';
import pg from 'pg';
import type { Platform } from '../platform.ts';
import { chunks } from '../traces.ts';
import { callAs } from './cluster-identity.ts';

export interface Place {
  readonly name: string;
  readonly text: string | Buffer;
}

const KINDS_AT_ONCE = 40;

interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
}
interface ClusterObject {
  readonly kind: string;
  readonly type?: string;
  readonly metadata: ObjectMeta;
  readonly data?: Readonly<Record<string, string>>;
}

/** Every object of every kind of the cluster, events and Secrets included. */
export async function listAllObjects(platform: Platform): Promise<Place[]> {
  const kinds = (await admin(platform, 'api-resources', '--verbs=list', '-o', 'name'))
    .split('\n')
    .filter((kind) => kind !== '');
  const found: Place[] = [];
  for (const some of chunks(kinds, KINDS_AT_ONCE)) {
    const { items } = JSON.parse(await admin(platform, 'get', some.join(','), '-A', '-o', 'json')) as {
      items: ClusterObject[];
    };
    for (const item of items) {
      const { namespace, name } = item.metadata;
      found.push({
        name: `${item.kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`,
        text: JSON.stringify(item),
      });
    }
  }
  return found;
}

export async function readHelmReleases(platform: Platform): Promise<Place[]> {
  const asked = ['get', 'secrets', '-A', '--field-selector', 'type=helm.sh/release.v1', '-o', 'json'];
  const { items } = JSON.parse(await admin(platform, ...asked)) as { items: ClusterObject[] };
  return items.map(({ metadata, data }) => ({
    name: `the release ${metadata.name}`,
    // Helm's own base64 lies within that of the Secret.
    text: gunzipSync(Buffer.from(Buffer.from(data?.release ?? '', 'base64').toString(), 'base64')).toString(),
  }));
}

export async function readLogs({ home }: Platform): Promise<Place[]> {
  return await readFolder(path.join(home, 'logs'));
}

/** As the node keeps them, those of pods that are gone included. */
export async function readPodLogs({ home }: Platform): Promise<Place[]> {
  return await readFolder(path.join(home, 'pod-logs'));
}

/** On disk Secrets of the cluster are encrypted, and passwords that wait for their store are sealed. */
export async function readStateFiles({ home }: Platform): Promise<Place[]> {
  const folders = ['postgres', 'etcd', 'config', 'helm'].map((name) => path.join(home, name));
  // The API server takes its key for Secrets from this file and from nowhere else; nobody but root may read it.
  const keyFile = path.join(home, 'config', 'encryption.json');
  const { mode } = await stat(keyFile);
  if ((mode & 0o077) !== 0) throw new Error(`${keyFile} can be read by others: ${mode.toString(8)}`);
  const files = ['platform.json', 'images.json', 'network.json'].map((name) => path.join(home, name));
  const single = await Promise.all(files.map(async (file) => ({ name: file, text: await readFile(file) })));
  const found = (await Promise.all(folders.map(readFolder))).flat().filter(({ name }) => name !== keyFile);
  return [...found, ...single];
}

async function readFolder(folder: string): Promise<Place[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const places: Place[] = [];
  for (const entry of entries.filter((found) => found.isFile())) {
    const name = path.join(entry.parentPath, entry.name);
    // A file of a running database may go between the listing and the reading.
    const text = await readFile(name).catch(() => null);
    if (text !== null) places.push({ name, text });
  }
  return places;
}

export async function readApiAnswers(platform: Platform, stores: readonly Store[]): Promise<Place[]> {
  const api = '/api/v1';
  const ofStores = stores.flatMap(({ id }) =>
    ['', '/events?limit=500', '/pods', '/jobs'].map((rest) => `${api}/stores/${id}${rest}`),
  );
  const general = ['stores?limit=200', 'stores?limit=200&phase=deleted', 'engines', 'plans', 'stats', 'health'];
  const addresses = [...ofStores, ...general.map((rest) => `${api}/${rest}`), '/openapi.json', '/healthz', '/readyz'];
  return await Promise.all(
    addresses.map(async (address) => {
      const answer = await platform.send(address, { headers: { authorization: `Bearer ${platform.token}` } });
      if (answer.status !== 200) throw new Error(`${address} answered ${answer.status}`);
      return { name: address, text: `${answer.text}\n${JSON.stringify(answer.headers)}` };
    }),
  );
}

/** All events from the first on, as a client that was away for long gets them. */
export async function readEventStream(platform: Platform): Promise<Place[]> {
  const enough = new AbortController();
  const timer = setTimeout(() => enough.abort(), 5_000);
  const headers = { authorization: `Bearer ${platform.token}`, 'last-event-id': '0.0' };
  let text = '';
  try {
    const answer = await fetch(`${platform.facts.apiUrl}/api/v1/events`, { headers, signal: enough.signal });
    if (!answer.ok) throw new Error(`the stream was refused: ${answer.status} ${await answer.text()}`);
    const decoder = new TextDecoder();
    for await (const chunk of answer.body ?? []) text += decoder.decode(chunk, { stream: true });
  } catch (error) {
    if (!enough.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  return text === '' ? [] : [{ name: 'the stream', text }];
}

export async function readMetrics(platform: Platform): Promise<Place[]> {
  const file = path.join(platform.home, 'config', 'ports.json');
  const { workers } = JSON.parse(await readFile(file, 'utf8')) as { workers: number[] };
  const addresses = [platform.facts.apiUrl, ...workers.map((port) => `http://127.0.0.1:${port}`)];
  const own = addresses.map(async (address) => ({
    name: `${address}/metrics`,
    text: await (await fetch(`${address}/metrics`)).text(),
  }));
  const ofCluster = ['/metrics', '/api/v1/nodes/souk/proxy/metrics', '/api/v1/nodes/souk/proxy/metrics/cadvisor'].map(
    async (address) => ({ name: address, text: await admin(platform, 'get', '--raw', address) }),
  );
  return await Promise.all([...own, ...ofCluster]);
}

/** Every row of every table, as text. */
export async function dumpDatabase({ home }: Platform): Promise<Place[]> {
  const url = (await readFile(path.join(home, 'secrets', 'database-url'), 'utf8')).trim();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables
       where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
    );
    const places: Place[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ line: string }>(`select t::text as line from ${name} t`);
      places.push({ name: `table ${name}`, text: rows.map(({ line }) => line).join('\n') });
    }
    return places;
  } finally {
    await client.end();
  }
}

async function admin(platform: Platform, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await callAs(platform, 'admin', args);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}
