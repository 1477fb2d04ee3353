// How the dashboard is built: hashed file names for everlasting caching, nothing inlined that the page's security policy forbids.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// For development alone: where the API answers, and the token that stands in for a sign-in.
const { SOUK_URL = 'http://localhost:8080', SOUK_TOKEN } = process.env;

export default defineConfig({
  plugins: [react()],
  build: {
    // Every browser that runs the platform's CSS nesting and light-dark().
    target: 'es2023',
    assetsInlineLimit: 0,
    cssMinify: true,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    manifest: 'manifest.json',
  },
  server: {
    port: 5173,
    proxy: {
      '/api': {
        target: SOUK_URL,
        changeOrigin: true,
        headers: SOUK_TOKEN === undefined ? {} : { authorization: `Bearer ${SOUK_TOKEN}` },
        configure: (proxy) => proxy.on('proxyReq', (request) => request.removeHeader('origin')),
      },
      '/auth': SOUK_URL,
      '/docs': SOUK_URL,
      '/openapi.json': SOUK_URL,
    },
  },
});
