// Reads one small text out of a zip file: enough of the format to look at an archive before anything is built from it.

import { open } from 'node:fs/promises';
import { inflateRawSync } from 'node:zlib';

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const END_LENGTH = 22;
const LONGEST_COMMENT = 0xffff;
const ENTRY_LENGTH = 46;
const LOCAL_LENGTH = 30;
const STORED = 0;
const DEFLATED = 8;

/** Null when the file is no zip file, or has no such entry. */
export async function readZipEntry(file: string, name: string): Promise<string | null> {
  const handle = await open(file);
  try {
    const read = async (position: number, length: number): Promise<Buffer> => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
      return buffer.subarray(0, bytesRead);
    };
    const { size } = await handle.stat();
    const tailLength = Math.min(size, END_LENGTH + LONGEST_COMMENT);
    const tail = await read(size - tailLength, tailLength);
    const end = lastIndexOfSignature(tail);
    if (end < 0) return null;
    const directory = await read(tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
    const entry = findEntry(directory, name);
    if (entry === null) return null;
    const local = await read(entry.offset, LOCAL_LENGTH);
    const start = entry.offset + LOCAL_LENGTH + local.readUInt16LE(26) + local.readUInt16LE(28);
    const packed = await read(start, entry.packedLength);
    if (entry.method === STORED) return packed.toString('utf8');
    return entry.method === DEFLATED ? inflateRawSync(packed).toString('utf8') : null;
  } finally {
    await handle.close();
  }
}

function lastIndexOfSignature(tail: Buffer): number {
  for (let at = tail.length - END_LENGTH; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) === END_SIGNATURE) return at;
  }
  return -1;
}

type Entry = { method: number; packedLength: number; offset: number };

function findEntry(directory: Buffer, name: string): Entry | null {
  let at = 0;
  while (at + ENTRY_LENGTH <= directory.length && directory.readUInt32LE(at) === ENTRY_SIGNATURE) {
    const nameLength = directory.readUInt16LE(at + 28);
    const nameStart = at + ENTRY_LENGTH;
    if (directory.toString('utf8', nameStart, nameStart + nameLength) === name) {
      return {
        method: directory.readUInt16LE(at + 10),
        packedLength: directory.readUInt32LE(at + 20),
        offset: directory.readUInt32LE(at + 42),
      };
    }
    at = nameStart + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return null;
}
