// The API's variables that are about people: sessions, sign-in and limits; and which secrets production refuses to start with.
import { z } from 'zod';
import type { Variables } from './read-config.ts';

/** Good for a platform that only this machine can reach. Known to everyone, hence refused in production. */
export const LOCAL_SESSION_SECRET = 'souk-local-session-secret-not-for-production';
const SECRET_MIN_LENGTH = 32;

/** A way to sign in by another's account. */
export interface ProviderConfig {
  readonly name: string;
  readonly title: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: string;
}

// Plain http would hand the sign-in to whoever listens; on loopback nobody does.
const issuerSchema = z
  .url()
  .refine(
    (url) => /^https:\/\//.test(url) || /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:|\/|$)/.test(url),
    'must begin with https://',
  );
const providersSchema = z.array(
  z
    .strictObject({
      name: z.string().regex(/^[a-z0-9-]{1,40}$/, 'may hold lower-case letters, digits and hyphens'),
      title: z.string().min(1).max(40).optional(),
      issuer: issuerSchema,
      clientId: z.string().min(1),
      clientSecret: z.string().min(1),
      scopes: z.string().default('openid email profile'),
    })
    .transform((provider): ProviderConfig => ({ ...provider, title: provider.title ?? provider.name })),
);

const providersText = z.string().transform((text, context): readonly ProviderConfig[] => {
  if (text.trim() === '') {
    return [];
  }
  const parsed = providersSchema.safeParse(parseJson(text));
  if (parsed.success) {
    return parsed.data;
  }
  for (const { path, message } of parsed.error.issues) {
    context.addIssue({ code: 'custom', message: `${path.join('.') || 'its content'}: ${message}` });
  }
  return z.NEVER;
});

/** The preset: with Google nothing but the two values of its console is needed. */
export function listProviders(config: {
  readonly providers: readonly ProviderConfig[];
  readonly googleClientId: string;
  readonly googleClientSecret: string;
}): readonly ProviderConfig[] {
  const { googleClientId, googleClientSecret, providers } = config;
  if (googleClientId === '') {
    return providers;
  }
  const google: ProviderConfig = {
    name: 'google',
    title: 'Google',
    issuer: 'https://accounts.google.com',
    clientId: googleClientId,
    clientSecret: googleClientSecret,
    scopes: 'openid email profile',
  };
  return [google, ...providers];
}

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
  providers: {
    name: 'OIDC_PROVIDERS_FILE',
    source: 'file',
    schema: providersText,
    byDefault: '',
    type: 'path',
    purpose:
      'JSON file: list of OpenID Connect providers, each `{name, title?, issuer, clientId, clientSecret, scopes?}`; register `PLATFORM_URL/auth/oidc/<name>/callback` with each',
  },
  googleClientId: {
    name: 'GOOGLE_CLIENT_ID',
    source: 'env',
    schema: z.string().trim(),
    byDefault: '',
    type: 'text',
    purpose: 'Adds Google as a provider; its callback is `PLATFORM_URL/auth/oidc/google/callback`',
  },
  googleClientSecret: {
    name: 'GOOGLE_CLIENT_SECRET',
    source: 'either',
    schema: z.string().trim(),
    byDefault: '',
    type: 'text',
    purpose: 'Goes with GOOGLE_CLIENT_ID',
  },
  signUpDomains: {
    name: 'SIGN_UP_DOMAINS',
    source: 'env',
    schema: z.string().transform((value) =>
      value
        .toLowerCase()
        .split(',')
        .map((domain) => domain.trim())
        .filter((domain) => domain !== ''),
    ),
    byDefault: '',
    type: 'domains, separated by `,`',
    purpose:
      'Whose e-mail addresses may sign up by a provider without an invitation, each with a tenant of their own; `*`: everybody',
  },
  newTenantMaxStores: {
    name: 'NEW_TENANT_MAX_STORES',
    source: 'env',
    schema: count,
    byDefault: '5',
    type: 'number',
    purpose: 'Quota of tenants made by signing up or by a platform admin who names none',
  },
  hasMail: {
    name: 'MAIL_ENABLED',
    source: 'env',
    schema: z.enum(['true', 'false']).transform((value) => value === 'true'),
    byDefault: 'false',
    type: '`true` or `false`',
    purpose: 'Whether invitations and password resets are mailed too; workers then need SMTP_URL',
  },
} as const satisfies Variables;

/** The worker's: it sends the mails. */
export const MAIL_VARIABLES = {
  smtpUrl: {
    name: 'SMTP_URL',
    source: 'either',
    schema: z
      .string()
      .trim()
      .refine((value) => value === '' || /^smtps?:\/\//.test(value), 'must begin with smtp:// or smtps://'),
    byDefault: '',
    type: 'URL',
    purpose: 'Where mail is handed over, e.g. `smtp://name:password@host:587`; empty: no mail',
  },
  mailFrom: {
    name: 'MAIL_FROM',
    source: 'env',
    schema: z.string(),
    byDefault: '',
    type: 'address',
    purpose: 'Sender of mails; empty: `souk@` and the base domain',
  },
  sendsCredentials: {
    name: 'MAIL_CREDENTIALS',
    source: 'env',
    schema: z.enum(['true', 'false']).transform((value) => value === 'true'),
    byDefault: 'false',
    type: '`true` or `false`',
    purpose:
      "Whether the mail about a ready store holds its administrator's password; mail is read by others: better not",
  },
  platformUrl: ACCOUNT_VARIABLES.platformUrl,
} as const satisfies Variables;

/** The migration's: who may do what with the tables. */
export const MIGRATE_ROLE_VARIABLES = {
  serverRole: {
    name: 'SERVER_ROLE',
    source: 'env',
    schema: z.string().transform((value) => (value === '' ? null : value)),
    byDefault: '',
    type: 'name',
    purpose:
      'Role that API and workers connect as, which exists already; it may add to the audit log but not change it. Empty: they connect as the owner',
  },
} as const satisfies Variables;

interface Secrets {
  readonly googleClientId?: string | undefined;
  readonly googleClientSecret?: string | undefined;
  readonly profile?: 'local' | 'production' | undefined;
  readonly sessionSecret?: string | undefined;
  readonly platformKey?: Buffer | undefined;
  readonly apiToken?: string | null | undefined;
}

/** What is wrong with which secret, for a start that must not happen with it. Never the secret itself. */
export function findWeakSecrets(config: Secrets): string[] {
  const { profile, sessionSecret, platformKey, apiToken } = config;
  const problems: string[] = [];
  if ((config.googleClientId === '') !== (config.googleClientSecret === '')) {
    problems.push('GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET: one goes with the other');
  }
  if (profile !== 'production') {
    return problems;
  }
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
