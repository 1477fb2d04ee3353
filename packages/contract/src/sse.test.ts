import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readLines, readServerSentMessages } from './sse.ts';

/** The text as bytes, in chunks of the given size. */
function streamOf(text: string, chunkSize = 1): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let offset = 0;
  return new ReadableStream({
    pull(controller) {
      if (offset >= bytes.length) controller.close();
      else controller.enqueue(bytes.subarray(offset, offset + chunkSize));
      offset += chunkSize;
    },
  });
}

async function messagesOf(text: string, chunkSize?: number) {
  const messages: unknown[] = [];
  for await (const message of readServerSentMessages(streamOf(text, chunkSize))) messages.push(message);
  return messages;
}

describe('server-sent messages', () => {
  it('are read whatever the size of the chunks', async () => {
    const text = 'id: 1\nevent: ready\ndata: caf\u00e9 \u{1f6d2}\n\n';
    for (const size of [1, 2, 3, 7, 1000]) {
      assert.deepEqual(await messagesOf(text, size), [{ id: '1', event: 'ready', data: 'café 🛒' }]);
    }
  });

  it('are read with every kind of line end', async () => {
    for (const end of ['\n', '\r\n', '\r']) {
      const text = ['id: 1', 'data: a', 'data: b', '', ''].join(end);
      assert.deepEqual(await messagesOf(text), [{ id: '1', event: 'message', data: 'a\nb' }]);
    }
  });

  it('keep the last id until another comes', async () => {
    assert.deepEqual(await messagesOf('id: 1\ndata: a\n\ndata: b\n\n'), [
      { id: '1', event: 'message', data: 'a' },
      { id: '1', event: 'message', data: 'b' },
    ]);
  });

  it('may only move the id on', async () => {
    assert.deepEqual(await messagesOf('id: 5\n\n'), [{ id: '5', event: 'message', data: '' }]);
  });

  it('are dropped when the stream ends within them', async () => {
    assert.deepEqual(await messagesOf('data: a\n\ndata: b\n'), [{ id: '', event: 'message', data: 'a' }]);
  });

  it('take no notice of comments, unknown fields and ids with a zero', async () => {
    assert.deepEqual(await messagesOf(': hello\nretry: 10\nnonsense\nid: a\0b\ndata:x\n\n'), [
      { id: '', event: 'message', data: 'x' },
    ]);
  });
});

describe('lines', () => {
  it('count also when the last one has no end', async () => {
    const lines: string[] = [];
    for await (const line of readLines(streamOf('a\r\n\r\nb', 1))) lines.push(line);
    assert.deepEqual(lines, ['a', '', 'b']);
  });

  it('stop the stream when the reader stops', async () => {
    const cancelled = Promise.withResolvers<void>();
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('x\n')),
      cancel: () => cancelled.resolve(),
    });
    for await (const _ of readLines(endless)) break;
    await cancelled.promise;
  });
});
