// Platforms for the tests alone, beside one that people use: homes and ports of their own, the same cache. Whatever an earlier run left
// in such a home is removed first, and the home is gone afterwards, unless something failed: then its logs stay.

import { existsSync } from 'node:fs';
import { cp, rm, writeFile } from 'node:fs/promises';
import { ENGINE_FOLDERS_OF_TESTS } from './suite-list.ts';

export interface TestPlatform {
  /** Names the platform to everything that is started with it. */
  readonly env: NodeJS.ProcessEnv;
  /** Gives the folder in which the logs were kept. */
  readonly end: (keepLogs: boolean) => Promise<string | null>;
}

// Tests make more than a person would in a minute; the limits have tests of their own, with tenants and tokens of their own.
const LIMITS = {
  FIRST_TENANT_MAX_STORES: '8',
  FIRST_TENANT_MAX_PARALLEL_PROVISIONS: '4',
  TOKEN_REQUESTS_PER_MINUTE: '0',
  ADDRESS_REQUESTS_PER_MINUTE: '0',
  STORE_CREATES_PER_HOUR: '0',
  SIGN_INS_PER_MINUTE: '0',
  // What waits for two sweeps would take most of a minute each.
  SWEEP_INTERVAL_SECONDS: '10',
} as const;

/**
 * Holds the tests' platforms of this home for the rest of this process. Refuses while another run has it: both would start with
 * removing what the other one has.
 */
export async function claimTestPlatform(env: NodeJS.ProcessEnv): Promise<void> {
  const local = await import('@souk/local');
  const { home } = local.platformPaths(env);
  await local.claim(`${local.platformPaths({ ...env, SOUK_HOME: `${home}-test` }).netns}-tests`, {
    message: `another "souk test" uses the platform of ${home}-test`,
    remedy: 'wait for its end, or set SOUK_HOME to another folder for this one',
  });
}

/** The suffix tells its home from that of the others. */
export async function startTestPlatform(
  env: NodeJS.ProcessEnv,
  suffix: string,
  signal: AbortSignal,
): Promise<TestPlatform> {
  const local = await import('@souk/local');
  const home = `${local.platformPaths(env).home}-${suffix}`;
  const paths = local.platformPaths({ ...env, SOUK_HOME: home });
  // Beside the home: a test may purge that and start it again.
  const providers = `${home}-providers.json`;
  const settings = { ...LIMITS, FAILPOINTS_FOLDER: `${home}/failpoints`, OIDC_PROVIDERS_FILE: providers };
  const end = async (keepLogs: boolean): Promise<string | null> => {
    await local.down({ paths });
    // A test may have removed the home with all that was in it.
    const kept = keepLogs && existsSync(paths.logs) ? `${home}-logs` : null;
    if (kept !== null) {
      await rm(kept, { recursive: true, force: true });
      await cp(paths.logs, kept, { recursive: true });
    }
    await local.down({ paths, purge: true });
    await rm(providers, { force: true });
    return kept;
  };
  await local.down({ paths, purge: true });
  try {
    // Nobody answers there until a test that signs in by a provider starts one.
    const issuer = `http://127.0.0.1:${await local.freePort()}`;
    const provider = { name: 'test', title: 'Test', issuer, clientId: 'souk', clientSecret: 'a secret of the test' };
    await writeFile(providers, JSON.stringify([provider]));
    const { facts } = await local.up({
      paths,
      port: await local.freePort(),
      engineFolders: ENGINE_FOLDERS_OF_TESTS,
      env: settings,
      signal,
    });
    const programs = facts.programsDir;
    return {
      end,
      env: {
        ...env,
        // For tests that stop the platform and start it again.
        ...settings,
        SOUK_HOME: home,
        SOUK_CACHE: paths.cache,
        KUBECONFIG: facts.kubeconfig,
        HELM_PATH: `${programs}/helm`,
        KUBECTL_PATH: `${programs}/kubectl`,
        PATH: `${programs}:${env.PATH ?? ''}`,
      },
    };
  } catch (error) {
    const logs = await end(true).catch(() => null);
    if (logs !== null && error instanceof Error) error.message += `\nlogs of the attempt: ${logs}`;
    throw error;
  }
}
