// The tab's sign: the first letter of the store's name.
import { readStore } from '../../backend/store.ts';

export const dynamic = 'force-dynamic';

export async function GET(): Promise<Response> {
  const { name } = await readStore().catch(() => ({ name: '' }));
  const letter = name.match(/[\p{L}\p{N}]/u)?.[0]?.toUpperCase() ?? '·';
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="14" fill="#1d1e20"/><text x="32" y="45" font-family="Georgia, serif" font-size="38" fill="#fff" text-anchor="middle">${letter}</text></svg>`;
  return new Response(svg, {
    headers: { 'content-type': 'image/svg+xml; charset=utf-8', 'cache-control': 'public, max-age=60' },
  });
}
