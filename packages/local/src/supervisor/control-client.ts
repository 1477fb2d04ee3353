// The other end of the supervisor's socket.

import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { PlatformPaths } from '../platform-paths.ts';
import type { PlatformReport } from './platform-report.ts';

/** Null when no supervisor answers. */
export async function readReport(paths: PlatformPaths): Promise<PlatformReport | null> {
  for await (const report of followReports(paths, 'report')) return report;
  return null;
}

/** Every report until the supervisor ends the connection; none at all when no supervisor answers. */
export async function* followReports(
  paths: PlatformPaths,
  command: 'report' | 'watch' | 'stop',
): AsyncGenerator<PlatformReport> {
  const socket = await open(paths.controlSocket);
  if (socket === null) return;
  try {
    socket.write(`${command}\n`);
    for await (const line of createInterface({ input: socket })) yield JSON.parse(line) as PlatformReport;
  } finally {
    socket.destroy();
  }
}

async function open(file: string): Promise<Socket | null> {
  return await new Promise((resolve) => {
    const socket = connect(file);
    socket.once('connect', () => {
      // A supervisor that dies ends the conversation like one that says goodbye.
      socket.on('error', () => socket.destroy());
      resolve(socket);
    });
    socket.once('error', () => resolve(null));
  });
}
