// Which platform a command talks to: SOUK_URL and SOUK_TOKEN, else the one that `souk up` keeps in SOUK_HOME. SOUK_TENANT names the
// tenant, for who is in several.
import { readFile } from 'node:fs/promises';
import { type Connection, createClient, type SoukClient } from '@souk/contract';
import { CommandError, EXIT } from './exit-code.ts';

export async function connect(env: NodeJS.ProcessEnv): Promise<SoukClient> {
  return createClient(await readConnection(env));
}

export async function readConnection(env: NodeJS.ProcessEnv): Promise<Connection> {
  if (env.SOUK_URL !== undefined && env.SOUK_URL !== '') {
    const token = env.SOUK_TOKEN ?? (await readLocalToken(env));
    return { url: reachableUrl(env.SOUK_URL), token, ...tenantOf(env) };
  }
  const facts = await readFacts(env);
  if (facts === null) {
    throw new CommandError(
      EXIT.unreachable,
      `there is no platform in ${await homeOf(env)}`,
      'start one with "souk up", or name another platform by SOUK_URL and SOUK_TOKEN',
    );
  }
  return { url: facts.edgeUrl, token: env.SOUK_TOKEN ?? (await readToken(facts.tokenFile)), ...tenantOf(env) };
}

function tenantOf(env: NodeJS.ProcessEnv): { tenant?: string } {
  return env.SOUK_TENANT === undefined || env.SOUK_TENANT === '' ? {} : { tenant: env.SOUK_TENANT };
}

// Browsers and curl resolve every name below .localhost by themselves; Node asks the system, which may not.
function reachableUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CommandError(
      EXIT.usage,
      `SOUK_URL is not an http address: ${text}`,
      'write it like http://localhost:8080',
    );
  }
  if (url.hostname === 'localhost' || url.hostname.endsWith('.localhost')) url.hostname = '127.0.0.1';
  return url.href;
}

async function readLocalToken(env: NodeJS.ProcessEnv): Promise<string | null> {
  const facts = await readFacts(env);
  return facts === null ? null : await readToken(facts.tokenFile);
}

export async function readToken(tokenFile: string): Promise<string> {
  try {
    return (await readFile(tokenFile, 'utf8')).trim();
  } catch (cause) {
    throw new CommandError(
      EXIT.failure,
      `the token in ${tokenFile} cannot be read`,
      'run the command as the user who started the platform, or set SOUK_TOKEN',
      { cause },
    );
  }
}

// Loaded when needed: a command that goes to another platform has no use for this machine's.
async function readFacts(env: NodeJS.ProcessEnv) {
  const { platformPaths, readPlatformFacts } = await import('@souk/local');
  return await readPlatformFacts(platformPaths(env));
}

async function homeOf(env: NodeJS.ProcessEnv): Promise<string> {
  const { platformPaths } = await import('@souk/local');
  return platformPaths(env).home;
}
