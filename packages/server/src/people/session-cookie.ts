// The browser's side of a session: one cookie, host-only, out of reach of scripts.

export interface SessionCookies {
  readonly name: string;
  read(cookieHeader: string | undefined): string | null;
  /** A Set-Cookie header. */
  write(token: string, expiresAt: Date): string;
  clear(): string;
}

/** `isSecure`: behind https. The name's prefix then makes browsers refuse a cookie of the same name that a shop below us sets. */
export function createSessionCookies(isSecure: boolean): SessionCookies {
  const name = isSecure ? '__Host-souk_session' : 'souk_session';
  const attributes = `Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  return {
    name,
    read: (header) => readCookie(header, name),
    write: (token, expiresAt) => `${name}=${token}; ${attributes}; Expires=${expiresAt.toUTCString()}`,
    clear: () => `${name}=; ${attributes}; Max-Age=0`,
  };
}

export function readCookie(header: string | undefined, name: string): string | null {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim());
  const pair = pairs.find((candidate) => candidate.startsWith(`${name}=`));
  return pair === undefined ? null : pair.slice(name.length + 1);
}
