// The API's variables that are about people: sessions, sign-in and limits; and which secrets production refuses to start with.
import { z } from 'zod';
import type { Variables } from './read-config.ts';

/** Good for a platform that only this machine can reach. Known to everyone, hence refused in production. */
export const LOCAL_SESSION_SECRET = 'souk-local-session-secret-not-for-production';
const SECRET_MIN_LENGTH = 32;

const count = z.coerce.number().int().min(0);

export const ACCOUNT_VARIABLES = {
  platformUrl: {
    name: 'PLATFORM_URL',
    source: 'env',
    schema: z
      .string()
      .refine((value) => value === '' || /^https?:\/\/[^/?#]+\/?$/.test(value), 'must be an address without a path')
      .transform((value) => value.replace(/\/$/, '')),
    byDefault: '',
    type: 'URL',
    purpose:
      'Where people reach the platform: in links, in mails, and for sign-in providers; empty: the base domain itself',
  },
  sessionSecret: {
    name: 'SESSION_SECRET',
    source: 'either',
    schema: z.string().trim(),
    byDefault: LOCAL_SESSION_SECRET,
    type: 'text',
    purpose: `Signs sessions; the same for all API processes. In production: ${SECRET_MIN_LENGTH} random characters or more`,
  },
  signInsPerMinute: {
    name: 'SIGN_INS_PER_MINUTE',
    source: 'env',
    schema: count,
    byDefault: '10',
    type: 'number',
    purpose: 'Rate limit on signing in, of one address and for one e-mail address; 0: none',
  },
} as const satisfies Variables;

interface Secrets {
  readonly profile?: 'local' | 'production' | undefined;
  readonly sessionSecret?: string | undefined;
  readonly platformKey?: Buffer | undefined;
  readonly apiToken?: string | null | undefined;
}

/** What is wrong with which secret, for a production that must not start with it. Never the secret itself. */
export function findWeakSecrets({ profile, sessionSecret, platformKey, apiToken }: Secrets): string[] {
  if (profile !== 'production') {
    return [];
  }
  const problems: string[] = [];
  if (sessionSecret === LOCAL_SESSION_SECRET) {
    problems.push(
      'SESSION_SECRET: is not set, or is the default that everybody knows; production needs one of its own',
    );
  } else if (sessionSecret !== undefined && isWeak(sessionSecret)) {
    problems.push(`SESSION_SECRET: is too short or too simple; ${SECRET_MIN_LENGTH} random characters are needed`);
  }
  if (platformKey !== undefined && new Set(platformKey).size < 8) {
    problems.push('PLATFORM_KEY_FILE: its bytes repeat; make 32 random ones, e.g. with "openssl rand -hex 32"');
  }
  if (apiToken != null && isWeak(apiToken)) {
    problems.push('API_TOKEN_FILE: the token is too simple; 32 random characters are needed');
  }
  return problems;
}

function isWeak(secret: string): boolean {
  return secret.length < SECRET_MIN_LENGTH || new Set(secret).size < 8;
}
