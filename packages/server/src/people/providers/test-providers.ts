// Two providers on loopback: a real implementation (npm's oidc-provider), driven as a browser would, and one that lies as it is told.
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import type { ProviderConfig } from '../../account-variables.ts';

export interface TestProvider {
  readonly config: ProviderConfig;
  close(): Promise<void>;
}

export const CALLBACK = 'http://localhost:8080/auth/oidc/test/callback';

async function serve(
  listener: RequestListener,
  port = 0,
): Promise<{ server: Server; url: string; close: () => Promise<void> }> {
  const server = createServer(listener);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { server, url, close };
}

const configOf = (issuer: string): ProviderConfig => ({
  name: 'test',
  title: 'Test',
  issuer,
  clientId: 'souk',
  clientSecret: 'a-secret-of-the-client',
  scopes: 'openid email profile',
});

interface OidcProvider {
  callback(): RequestListener;
}
type OidcProviderClass = new (issuer: string, configuration: object) => OidcProvider;

/**
 * Whoever signs in there as `name` has the address `name@example.com`, verified unless the name says otherwise. For a platform that was
 * started with a provider's configuration: that one, at the port of its issuer.
 */
export async function startRealProvider(
  known?: Pick<ProviderConfig, 'issuer' | 'clientId' | 'clientSecret'>,
  callback = CALLBACK,
): Promise<TestProvider> {
  // It has no types of its own; what is used of it is above.
  const specifier: string = 'oidc-provider';
  const { default: Provider } = (await import(specifier)) as { default: OidcProviderClass };
  let listener: RequestListener = () => undefined;
  const { url, close } = await serve(
    (request, response) => listener(request, response),
    known === undefined ? 0 : Number(new URL(known.issuer).port),
  );
  const config = { ...configOf(url), ...known };
  const provider = new Provider(url, {
    clients: [{ client_id: config.clientId, client_secret: config.clientSecret, redirect_uris: [callback] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        email: `${id}@example.com`,
        email_verified: !id.startsWith('unverified'),
        name: `The ${id}`,
      }),
    }),
    cookies: { keys: ['some key for tests'] },
  });
  listener = provider.callback();
  return { config, close };
}

/** Signs in at the real provider as a browser does, and answers the address that it sends the browser to. */
export async function passRealProvider(startUrl: string, name: string): Promise<URL> {
  const jar = new Map<string, string>();
  let url = startUrl;
  let form: Record<string, string> | null = null;
  for (let hops = 0; hops < 12; hops += 1) {
    const answer: Response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...jar].map(([key, value]) => `${key}=${value}`).join('; ') },
      ...(form !== null && { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const location = answer.headers.get('location');
    const page = await answer.text();
    if (location !== null) {
      const next = new URL(location, url);
      if (next.href.startsWith('http://localhost:8080/')) {
        return next;
      }
      url = next.href;
      form = null;
    } else {
      const [, prompt] = /name="prompt" value="(\w+)"/.exec(page) ?? [];
      const [, action] = /<form[^>]*action="([^"]+)"/.exec(page) ?? [];
      if (prompt === undefined) {
        throw new Error(`the provider answered ${answer.status}: ${page.slice(0, 300)}`);
      }
      url = new URL(action ?? '', url).href;
      form = prompt === 'login' ? { prompt, login: name, password: 'any' } : { prompt };
    }
  }
  throw new Error('the provider never sent the browser back');
}

export interface Lie {
  readonly claims?: JWTPayload;
  readonly algorithm?: 'none' | 'HS256' | 'foreign key';
  readonly tokenError?: string;
}

/** Its codes are the nonce that it was asked with: what it answers for one is made of the lie. */
export async function startLyingProvider(lie: () => Lie): Promise<TestProvider> {
  const [own, foreign] = [await generateKeyPair('RS256'), await generateKeyPair('RS256')];
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
  const { url, close } = await serve(async (request, response) => {
    const send = (value: unknown, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (request.url === '/jwks') {
      return send({ keys: [jwk] });
    }
    if (request.url === '/token') {
      let body = '';
      for await (const chunk of request) {
        body += chunk;
      }
      const nonce = new URLSearchParams(body).get('code') ?? '';
      const { claims, algorithm, tokenError } = lie();
      if (tokenError !== undefined) {
        return send({ error: tokenError }, 400);
      }
      const now = Math.floor(Date.now() / 1000);
      const payload = {
        ...{ iss: url, aud: 'souk', sub: 'mallory', iat: now, exp: now + 300, nonce },
        ...{ email: 'mallory@example.com', email_verified: true },
        ...claims,
      };
      const idToken =
        algorithm === 'none'
          ? new UnsecuredJWT(payload).encode()
          : algorithm === 'HS256'
            ? await new SignJWT(payload)
                .setProtectedHeader({ alg: 'HS256' })
                .sign(new TextEncoder().encode('a-secret-of-the-client'))
            : await new SignJWT(payload)
                .setProtectedHeader({ alg: 'RS256', kid: 'one' })
                .sign(algorithm === 'foreign key' ? foreign.privateKey : own.privateKey);
      return send({ access_token: 'access', token_type: 'Bearer', expires_in: 300, id_token: idToken });
    }
    return send({
      issuer: url,
      authorization_endpoint: `${url}/authorize`,
      token_endpoint: `${url}/token`,
      jwks_uri: `${url}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      code_challenge_methods_supported: ['S256'],
    });
  });
  return { config: configOf(url), close };
}
