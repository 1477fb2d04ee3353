// What the suites at work are doing: one line that moves where a person watches, a line for each now and then where nobody does.
import { setTimeout as delay } from 'node:timers/promises';
import type { Terminal } from '../output/terminal.ts';

const HEARTBEAT_MS = 30_000;
const REDRAW_MS = 200;

export class ProgressBoard {
  readonly #terminal: Terminal;
  readonly #describers = new Set<() => string>();
  readonly #ended = new AbortController();
  readonly #telling: Promise<void>;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#telling = this.#tellRegularly();
  }

  /** Tells of it until the returned function is called. */
  add(describe: () => string): () => void {
    this.#describers.add(describe);
    return () => {
      this.#describers.delete(describe);
      this.#draw();
    };
  }

  async end(): Promise<void> {
    this.#ended.abort();
    await this.#telling;
    this.#terminal.setLiveLine('');
  }

  async #tellRegularly(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      this.#draw();
      await delay(this.#terminal.isLive ? REDRAW_MS : HEARTBEAT_MS, undefined, { signal }).catch(() => undefined);
      if (this.#terminal.isLive || signal.aborted) continue;
      for (const describe of this.#describers) this.#terminal.note(`… ${describe()}`);
    }
  }

  #draw(): void {
    const lines = [...this.#describers].map((describe) => describe());
    this.#terminal.setLiveLine(lines.length === 0 ? '' : `… ${lines.join('  ║  ')}`);
  }
}
