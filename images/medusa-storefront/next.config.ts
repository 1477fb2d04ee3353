// One build serves every store: nothing here names a host, a backend or a key. The server writes nothing to disk, because
// its container's root is read-only, and fetches nothing from outside: no remote fonts, no image optimizer, no telemetry.
import type { NextConfig } from 'next';

const SECURITY_HEADERS = [
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'X-Frame-Options', value: 'DENY' },
  { key: 'Referrer-Policy', value: 'strict-origin-when-cross-origin' },
  { key: 'Permissions-Policy', value: 'camera=(), geolocation=(), microphone=(), payment=(), usb=()' },
  { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
];

const config: NextConfig = {
  output: 'standalone',
  // Said outright, because Next would take the repository's lock file above for the root.
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
  poweredByHeader: false,
  images: { unoptimized: true },
  // Every page is rendered per request; what may be shared for a few seconds lies in backend/short-cache.ts.
  cacheMaxMemorySize: 0,
  experimental: {
    isrFlushToDisk: false,
    // Routes load at their first request: a quicker start and a smaller idle process.
    preloadEntriesOnStart: false,
    serverActions: { bodySizeLimit: '64kb' },
  },
  // The Content-Security-Policy has a nonce for each answer and is made in src/proxy.ts.
  headers: () => Promise.resolve([{ source: '/:path*', headers: SECURITY_HEADERS }]),
  outputFileTracingExcludes: {
    '/*': ['node_modules/sharp/**', 'node_modules/@img/**', 'node_modules/typescript/**', 'node_modules/@swc/core/**'],
  },
};

export default config;
