// The remote command protocol, with a few lines in the API server's place. The real one is asked by the acceptance tests.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isKubeError, KubeError } from './kube-error.ts';
import { createKubeTransport } from './kube-transport.ts';
import { createRealKube } from './real-kube.ts';

/** A server's frame: not masked. */
function frame(first: number, payload: Buffer): Buffer {
  const isShort = payload.length < 126;
  const header = Buffer.alloc(isShort ? 2 : 4);
  header[0] = first;
  header[1] = isShort ? payload.length : 126;
  if (!isShort) {
    header.writeUInt16BE(payload.length, 2);
  }
  return Buffer.concat([header, payload]);
}
const message = (channel: number, text: string) => frame(0x82, Buffer.concat([Buffer.of(channel), Buffer.from(text)]));
const failure = (code: number) =>
  JSON.stringify({
    status: 'Failure',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  });

function unmask(bytes: Buffer): Buffer[] {
  const payloads: Buffer[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const short = (rest[1] ?? 0) & 0x7f;
    const at = short === 126 ? 4 : 2;
    const size = short === 126 ? rest.readUInt16BE(2) : short;
    const mask = rest.subarray(at, at + 4);
    payloads.push(rest.subarray(at + 4, at + 4 + size).map((byte, index) => byte ^ (mask[index % 4] ?? 0)) as Buffer);
    rest = rest.subarray(at + 4 + size);
  }
  return payloads;
}

describe('a program in a container', () => {
  const server = createServer();
  let path = '';
  let act: (socket: Duplex) => void = () => undefined;
  let url: URL;
  let kube: ReturnType<typeof createRealKube>;
  before(async () => {
    server.on('upgrade', (request, socket) => {
      path = request.url ?? '';
      const protocol = request.headers['sec-websocket-protocol'];
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
      );
      socket.on('error', () => undefined);
      act(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const access = { ca: undefined, cert: undefined, key: undefined, isInsecure: false, authorize: async () => null };
    kube = createRealKube(createKubeTransport({ ...access, server: url }), () => {
      throw new Error('no kubelet is asked here');
    });
  });
  after(() => {
    kube.close();
    server.closeAllConnections();
    server.close();
  });
  const exec = (input: string) =>
    kube.exec({ namespace: 'n', name: 'p' }, { container: 'c', command: ['sh', '-c', 'a & b'], input });

  it('is given its arguments as they are, and its whole input with its end', async () => {
    const input = `${'ä'.repeat(40_000)}!`;
    const received = new Promise<Buffer>((resolve) => {
      act = (socket) => {
        let bytes = Buffer.alloc(0);
        socket.on('data', (data: Buffer) => {
          bytes = Buffer.concat([bytes, data]);
          if (unmask(bytes).at(-1)?.equals(Buffer.of(255, 0))) {
            resolve(bytes);
            socket.write(message(3, '{"status":"Success"}'));
          }
        });
      };
    });
    assert.equal(await exec(input), 0);
    const parts = unmask(await received).slice(0, -1);
    assert.ok(parts.every((part) => part[0] === 0));
    assert.equal(Buffer.concat(parts.map((part) => part.subarray(1))).toString('utf8'), input);
    assert.equal(path, '/api/v1/namespaces/n/pods/p/exec?container=c&stdin=true&command=sh&command=-c&command=a+%26+b');
  });

  it('answers its exit code, also where the status comes in pieces, after empty messages and with pings between', async () => {
    act = (socket) => {
      const bytes = Buffer.concat([
        message(1, ''),
        message(2, ''),
        message(3, ''),
        frame(0x02, Buffer.concat([Buffer.of(3), Buffer.from(failure(3).slice(0, 40))])),
        frame(0x89, Buffer.from('ping')),
        frame(0x80, Buffer.from(failure(3).slice(40))),
      ]);
      for (const byte of bytes) {
        socket.write(Buffer.of(byte));
      }
    };
    assert.equal(await exec('x'), 3);
  });

  it('fails as a cluster that is away when the connection ends without a status', async () => {
    act = (socket) => socket.end();
    await assert.rejects(exec('x'), (error) => error instanceof KubeError && error.isUnreachable);
  });

  it('is given no input by a process that stood still over the handshake until its time to act was over', async () => {
    const script = `
      import { createKubeTransport } from ${JSON.stringify(new URL('kube-transport.ts', import.meta.url).href)};
      import { createRealKube } from ${JSON.stringify(new URL('real-kube.ts', import.meta.url).href)};
      const access = { ca: undefined, cert: undefined, key: undefined, isInsecure: false, authorize: async () => null };
      const transport = createKubeTransport({ ...access, server: new URL(${JSON.stringify(url.href)}) });
      const upgrade = async (...call) => {
        const socket = await transport.upgrade(...call);
        process.kill(process.pid, 'SIGSTOP');
        return socket;
      };
      const kube = createRealKube({ ...transport, upgrade }, () => undefined);
      const lease = new AbortController();
      setTimeout(() => lease.abort(new Error('the lease is lost')), 500);
      const program = { container: 'c', command: ['a'], input: 'a new password' };
      await kube.exec({ namespace: 'n', name: 'p' }, program, lease.signal).catch((error) => console.log(error.message));
      kube.close();`;
    const worker = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exit = once(worker, 'exit');
    let received = Buffer.alloc(0);
    act = async (socket) => {
      socket.on('data', (data: Buffer) => {
        received = Buffer.concat([received, data]);
      });
      await delay(700);
      worker.kill('SIGCONT');
    };
    const said = (await worker.stdout.setEncoding('utf8').toArray()).join('');
    await exit;
    assert.equal(said, 'the lease is lost\n');
    assert.deepEqual(unmask(received), []);
  });

  it('fails where the status makes no sense', async () => {
    act = (socket) => socket.write(message(3, '<html>'));
    await assert.rejects(exec('x'), (error) => isKubeError(error, 400));
  });
});
