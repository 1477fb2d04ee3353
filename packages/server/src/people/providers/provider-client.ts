// What we ask of an OpenID Connect provider: where to send a browser, and what the code it comes back with is worth. The protocol is
// openid-client's, which is loaded when somebody first signs in by a provider: it costs memory that most API processes never need.
import type { ProviderConfig } from '../../account-variables.ts';

export interface ProviderChecks {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** Whom the provider vouches for. */
export interface ProviderIdentity {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | null;
  readonly isEmailVerified: boolean;
  readonly name: string | null;
}

export interface ProviderClient {
  begin(redirectUri: string): Promise<{ readonly url: string; readonly checks: ProviderChecks }>;
  /** Throws ProviderRefusal; `callback` is the whole address that the browser came back to. */
  finish(callback: URL, checks: ProviderChecks): Promise<ProviderIdentity>;
}

export type RefusalReason = 'refused' | 'invalid' | 'unavailable';

export class ProviderRefusal extends Error {
  override readonly name = 'ProviderRefusal';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, cause: unknown) {
    super(`the sign-in by a provider was ${reason}`, { cause });
    this.reason = reason;
  }
}

type Library = typeof import('openid-client');
const TIMEOUT_SECONDS = 10;
// Providers rotate keys and move endpoints; an hour-old description is still good.
const DISCOVERY_MS = 3_600_000;

export function createProviderClient(provider: ProviderConfig): ProviderClient {
  let found: { readonly at: number; readonly configuration: Awaited<ReturnType<typeof discover>> } | undefined;

  async function configured() {
    const library = await import('openid-client');
    if (found === undefined || Date.now() - found.at > DISCOVERY_MS) {
      try {
        found = { at: Date.now(), configuration: await discover(library, provider) };
      } catch (error) {
        throw new ProviderRefusal('unavailable', error);
      }
    }
    return { library, configuration: found.configuration };
  }

  return {
    async begin(redirectUri) {
      const { library, configuration } = await configured();
      const checks: ProviderChecks = {
        state: library.randomState(),
        nonce: library.randomNonce(),
        codeVerifier: library.randomPKCECodeVerifier(),
      };
      const url = library.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: provider.scopes,
        state: checks.state,
        nonce: checks.nonce,
        code_challenge: await library.calculatePKCECodeChallenge(checks.codeVerifier),
        code_challenge_method: 'S256',
      });
      return { url: url.href, checks };
    },
    async finish(callback, checks) {
      const { library, configuration } = await configured();
      try {
        const tokens = await library.authorizationCodeGrant(configuration, callback, {
          expectedState: checks.state,
          expectedNonce: checks.nonce,
          pkceCodeVerifier: checks.codeVerifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (claims === undefined) {
          throw new Error('the provider sent no ID token');
        }
        // Many providers tell the e-mail address at their userinfo endpoint only.
        const facts =
          claims.email === undefined && configuration.serverMetadata().userinfo_endpoint !== undefined
            ? await library.fetchUserInfo(configuration, tokens.access_token, claims.sub)
            : claims;
        return {
          issuer: claims.iss,
          subject: claims.sub,
          email: text(facts.email)?.toLowerCase() ?? null,
          // Some send it as a text.
          isEmailVerified: facts.email_verified === true || text(facts.email_verified) === 'true',
          name: text(facts.name),
        };
      } catch (error) {
        throw new ProviderRefusal(reasonOf(library, error), error);
      }
    },
  };
}

async function discover(library: Library, { issuer, clientId, clientSecret }: ProviderConfig) {
  const isPlain = issuer.startsWith('http:');
  return await library.discovery(new URL(issuer), clientId, clientSecret, undefined, {
    timeout: TIMEOUT_SECONDS,
    // The ID token's signature is checked although it comes straight from the provider. Without TLS only on loopback: the
    // configuration refuses anything else.
    execute: [library.enableNonRepudiationChecks, ...(isPlain ? [library.allowInsecureRequests] : [])],
  });
}

function reasonOf(library: Library, error: unknown): RefusalReason {
  if (error instanceof library.AuthorizationResponseError) {
    return 'refused';
  }
  const cause = error instanceof Error ? error.cause : undefined;
  const isNetwork =
    error instanceof TypeError || cause instanceof TypeError || (cause as Error | null)?.name === 'TimeoutError';
  return isNetwork ? 'unavailable' : 'invalid';
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
