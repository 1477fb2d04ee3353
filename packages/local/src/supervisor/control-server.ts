// The supervisor's unix socket: one command a connection (`report`, `watch` or `stop`), answered by whole reports, one a line.
// Only its owner may connect.

import { chmod } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { PlatformReport } from './platform-report.ts';

export class ControlServer {
  readonly #server: Server;
  readonly #watchers = new Set<Socket>();
  readonly #report: () => PlatformReport;
  #isScheduled = false;

  constructor(report: () => PlatformReport, stop: () => void) {
    this.#report = report;
    this.#server = createServer((socket) => {
      socket.setEncoding('utf8');
      // Who asks may go at any moment; there is nobody left to tell then.
      socket.on('error', () => this.#watchers.delete(socket));
      socket.on('close', () => this.#watchers.delete(socket));
      socket.once('data', (command: string) => {
        socket.write(this.#line());
        if (command.trim() === 'report') {
          socket.end();
          return;
        }
        this.#watchers.add(socket);
        if (command.trim() === 'stop') stop();
      });
    });
  }

  async listen(file: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(file, resolve);
    });
    await chmod(file, 0o600);
  }

  /** Tells the watchers; several changes of one moment are told once. */
  changed(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      const line = this.#line();
      for (const socket of this.#watchers) socket.write(line);
    });
  }

  close(): void {
    const line = this.#line();
    for (const socket of this.#watchers) socket.end(line);
    this.#server.close();
  }

  #line(): string {
    return `${JSON.stringify(this.#report())}\n`;
  }
}
