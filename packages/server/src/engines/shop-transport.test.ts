// The shop's answers are its owner's doing: whatever it sends must not harm the worker that asks.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import { createShopTransport } from './shop-transport.ts';

it('reads no more of an answer than a page can have', async () => {
  let sentBytes = 0;
  const server = createServer((_request, response) => {
    const chunk = Buffer.alloc(256 * 1024);
    const pour = (): void => {
      while (!response.destroyed && sentBytes < 1024 ** 3 && response.write(chunk)) {
        sentBytes += chunk.length;
      }
    };
    response.on('drain', pour);
    pour();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const request = createShopTransport({ connectTo: url, publicUrl: url, signal: new AbortController().signal });
  await assert.rejects(request('GET', '/'), /more than 8 MiB/);
  assert.ok(sentBytes < 64 * 1024 ** 2, `${sentBytes} bytes were taken`);
  server.closeAllConnections();
  server.close();
});
