// One program in a container, by Kubernetes' remote command protocol over a WebSocket (`v5.channel.k8s.io`, since 1.30: the first that
// can say that the input has ended). Only what that needs of RFC 6455 is here: short messages, binary, no extensions.
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { KubeError } from './kube-error.ts';

export const EXEC_PROTOCOL = 'v5.channel.k8s.io';
// The first byte of a message says which stream it belongs to.
const STDIN = 0;
const STATUS = 3;
const CLOSE_STREAM = 255;
const OPCODE = { binary: 2, close: 8, ping: 9, pong: 10 } as const;
// Below the length at which a frame's header would need its third form.
const CHUNK_BYTES = 32 * 1024;
// What we read is one status of a few hundred bytes.
const LARGEST_ANSWER_BYTES = 256 * 1024;

/** Sends the input and its end, and answers the program's exit code. Any other end of the connection is a KubeError. */
export async function runOverSocket(socket: Duplex, input: string, signal: AbortSignal): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const fail = (why: string) =>
    reject(new KubeError(0, 'Unreachable', `the connection to the container ended: ${why}`));
  const onAbort = (): void => reject(signal.reason);
  const readFrames = createFrameReader((opcode, payload) => {
    if (opcode === OPCODE.ping) {
      socket.write(encodeFrame(OPCODE.pong, payload));
    } else if (opcode === OPCODE.close) {
      fail('it was closed');
      // Each stream is opened with an empty message.
    } else if (payload[0] === STATUS && payload.length > 1) {
      const code = readExitCode(payload.subarray(1).toString('utf8'));
      if (typeof code === 'number') {
        resolve(code);
      } else {
        reject(code);
      }
    }
  });
  socket.on('data', (data: Buffer) => {
    if (!readFrames(data)) {
      fail('it answered too much');
    }
  });
  socket.on('error', (error) => fail(error.message));
  socket.on('close', () => fail('without a status'));
  signal.addEventListener('abort', onAbort);
  try {
    // A process that stood still over the handshake hears of its end before its timers run: they get a turn to abort this first.
    await Promise.race([promise, delay(0)]);
    signal.throwIfAborted();
    const bytes = Buffer.from(input, 'utf8');
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      socket.write(encodeFrame(OPCODE.binary, Buffer.concat([Buffer.of(STDIN), bytes.subarray(at, at + CHUNK_BYTES)])));
    }
    socket.write(encodeFrame(OPCODE.binary, Buffer.of(CLOSE_STREAM, STDIN)));
    return await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    socket.destroy();
  }
}

interface ExecStatus {
  readonly status?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] };
}

function readExitCode(text: string): number | KubeError {
  const { status, reason = '', message = 'no reason given', details } = parseStatus(text);
  if (status === 'Success') {
    return 0;
  }
  const code = Number(details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message);
  return reason === 'NonZeroExitCode' && Number.isInteger(code) ? code : new KubeError(400, reason, message);
}

function parseStatus(text: string): ExecStatus {
  try {
    return JSON.parse(text) as ExecStatus;
  } catch {
    return { message: 'the status of the program could not be read' };
  }
}

/** One final frame. What a client sends is masked, with a mask that nobody can foretell. */
function encodeFrame(opcode: number, payload: Buffer): Buffer {
  const isShort = payload.length < 126;
  const header = Buffer.alloc(isShort ? 2 : 4);
  header[0] = 0x80 | opcode;
  header[1] = 0x80 | (isShort ? payload.length : 126);
  if (!isShort) {
    header.writeUInt16BE(payload.length, 2);
  }
  const mask = randomBytes(4);
  return Buffer.concat([header, mask, payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0))]);
}

/** Calls back with each whole message; false once there is more than anybody should send here. */
function createFrameReader(onMessage: (opcode: number, payload: Buffer) => void): (data: Buffer) => boolean {
  let rest = Buffer.alloc(0);
  let begun: { readonly opcode: number; readonly parts: Buffer[] } | null = null;
  return (data) => {
    rest = Buffer.concat([rest, data]);
    for (let frame = decodeFrame(rest); frame !== null; frame = decodeFrame(rest)) {
      rest = rest.subarray(frame.length);
      // A message may come in parts, with pings in between.
      const isControl = frame.opcode >= OPCODE.close;
      if (isControl || (frame.isFinal && begun === null)) {
        onMessage(frame.opcode, frame.payload);
        continue;
      }
      begun ??= { opcode: frame.opcode, parts: [] };
      begun.parts.push(frame.payload);
      if (frame.isFinal) {
        onMessage(begun.opcode, Buffer.concat(begun.parts));
        begun = null;
      }
    }
    return rest.length + (begun?.parts.reduce((sum, part) => sum + part.length, 0) ?? 0) < LARGEST_ANSWER_BYTES;
  };
}

interface Frame {
  readonly isFinal: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
  readonly length: number;
}

/** Null until the whole frame has come. What a server sends is not masked. */
function decodeFrame(bytes: Buffer): Frame | null {
  const [first, second] = [bytes[0], bytes[1]];
  if (first === undefined || second === undefined) {
    return null;
  }
  const short = second & 0x7f;
  const headerLength = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < headerLength) {
    return null;
  }
  const size = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  const length = headerLength + size;
  if (bytes.length < length) {
    return null;
  }
  return { isFinal: (first & 0x80) !== 0, opcode: first & 0x0f, payload: bytes.subarray(headerLength, length), length };
}
