import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pinReferences, readNeeds } from './dockerfile.ts';

const DOCKERFILE = `# FROM souk.local/commented
FROM souk.local/node-build AS build
RUN --mount=type=bind,from=souk.local/tools,target=/tools \\
    npm ci && echo souk.local/spoken
COPY --from=build /app /app

FROM debian:trixie-slim AS other
FROM --platform=linux/amd64 souk.local/node
COPY --from=souk.local/medusa --chown=10001:10001 /app /app
COPY --from=archives plugin.zip /
COPY --from=programs --chmod=0755 coredns \\
     volumes /usr/bin/
`;

test('what an image needs is read from FROM, COPY --from and mounts, not from comments or commands', () => {
  assert.deepEqual(readNeeds(DOCKERFILE), {
    images: ['medusa', 'node', 'node-build', 'tools'],
    programs: ['coredns', 'volumes'],
    archives: ['plugin.zip'],
    isOnBaseImage: true,
  });
});

test('an image from scratch needs nothing', () => {
  assert.deepEqual(readNeeds('FROM scratch\nCOPY pause /pause\n'), {
    images: [],
    programs: [],
    archives: [],
    isOnBaseImage: false,
  });
});

test('every reference to an image of ours is pinned and nothing else is touched', () => {
  const pinned = pinReferences(DOCKERFILE, (name) => `souk.local/${name}:1234`, 'localhost/base:1');
  assert.equal(
    pinned,
    DOCKERFILE.replace('souk.local/node-build', 'souk.local/node-build:1234')
      .replace('debian:trixie-slim', 'localhost/base:1')
      .replace('souk.local/tools', 'souk.local/tools:1234')
      .replace('amd64 souk.local/node', 'amd64 souk.local/node:1234')
      .replace('souk.local/medusa', 'souk.local/medusa:1234'),
  );
});

test('a reference right before a blank line is pinned too', () => {
  assert.equal(
    pinReferences('\n\nFROM souk.local/a\n\nFROM souk.local/b', (name) => name),
    '\n\nFROM a\n\nFROM b',
  );
});
