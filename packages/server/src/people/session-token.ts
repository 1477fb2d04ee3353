// The session's JWT: HS256, issuer and audience pinned. Written and read here by hand because there is one form only: the header is
// compared as text, so no algorithm but ours is ever considered.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

export interface SessionTokens {
  issue(session: { readonly sessionId: string; readonly personId: string; readonly expiresAt: Date }): string;
  /** Null for anything that is not a live token of this installation. */
  read(token: string): { readonly sessionId: string; readonly personId: string } | null;
}

const HEADER = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url');
const AUDIENCE = 'souk-api';

const claimsSchema = z.object({
  iss: z.string(),
  aud: z.literal(AUDIENCE),
  sub: z.string(),
  jti: z.string(),
  iat: z.number(),
  exp: z.number(),
});

/** `issuer` is the platform's address: the token of another installation is none here, though the secret were the same. */
export function createSessionTokens(secret: string, issuer: string): SessionTokens {
  const sign = (text: string): Buffer => createHmac('sha256', secret).update(text).digest();
  return {
    issue({ sessionId, personId, expiresAt }) {
      const claims: z.infer<typeof claimsSchema> = {
        iss: issuer,
        aud: AUDIENCE,
        sub: personId,
        jti: sessionId,
        iat: Math.floor(Date.now() / 1000),
        exp: Math.floor(expiresAt.getTime() / 1000),
      };
      const text = `${HEADER}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
      return `${text}.${sign(text).toString('base64url')}`;
    },
    read(token) {
      const [header, payload, signature, ...rest] = token.split('.');
      if (header !== HEADER || payload === undefined || signature === undefined || rest.length > 0) {
        return null;
      }
      const given = Buffer.from(signature, 'base64url');
      const wanted = sign(`${header}.${payload}`);
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
        return null;
      }
      const claims = claimsSchema.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))).data;
      if (claims === undefined || claims.iss !== issuer || claims.exp * 1000 <= Date.now()) {
        return null;
      }
      return { sessionId: claims.jti, personId: claims.sub };
    },
  };
}
