// Tells Kubernetes that this process serves. It asks no backend: a storefront whose backend is away is still a healthy
// storefront, and says so to shoppers with a page of its own.
export const dynamic = 'force-dynamic';

export function GET(): Response {
  return new Response('ok\n', { headers: { 'content-type': 'text/plain', 'cache-control': 'no-store' } });
}
