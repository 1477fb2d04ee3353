// Stands before every page: answers 503 while the backend is away, gives each answer its own Content-Security-Policy nonce,
// and makes the Host header the one truth about where the shopper is, whatever the proxies on the way wrote elsewhere.
import { randomBytes } from 'node:crypto';
import { type NextRequest, NextResponse } from 'next/server';
import { isBackendAlive } from './backend/backend-liveness.ts';
import { renderWakingPage } from './frame/waking-page.ts';

const RETRY_AFTER_S = 5;

export async function proxy(request: NextRequest): Promise<NextResponse> {
  const nonce = randomBytes(16).toString('base64');
  const policy = describePolicy(nonce);
  if (!(await isBackendAlive())) {
    return new NextResponse(renderWakingPage(nonce, RETRY_AFTER_S), {
      status: 503,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': policy,
        'cache-control': 'no-store',
        'retry-after': String(RETRY_AFTER_S),
      },
    });
  }
  const headers = new Headers(request.headers);
  // Next takes the nonce for its own scripts from this request header.
  headers.set('content-security-policy', policy);
  // Server actions are refused when Origin and X-Forwarded-Host differ. Some proxies write the latter without its port, or
  // append to a client's; Host is what the browser used, because the ingress routes by it.
  const host = request.headers.get('host');
  if (host !== null) headers.set('x-forwarded-host', host);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set('content-security-policy', policy);
  return response;
}

export const config = {
  matcher: ['/((?!_next/static/|healthz$|favicon\\.svg$).*)'],
};

function describePolicy(nonce: string): string {
  // React's development build evaluates strings to show where an error came from; production never does.
  const developmentOnly = process.env.NODE_ENV === 'development' ? " 'unsafe-eval'" : '';
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${developmentOnly}`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
