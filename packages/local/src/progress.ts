// Shows what takes time: on a terminal one line a step that is kept current, elsewhere plain lines when a step begins to be
// long and when it ends. All of it goes to stderr.

import { clearLine, cursorTo, moveCursor } from 'node:readline';
import { styleText } from 'node:util';

export type StepView = {
  title: string;
  state: 'running' | 'done' | 'failed';
  startedAt: number;
  elapsedMs: number | null;
  logFile: string | null;
};

const REDRAW_MS = 250;
// A plain log tells of a step that has not ended after this, and again each time it has doubled.
const FIRST_NOTE_MS = 10_000;

export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #isLive: boolean;
  readonly #steps: StepView[] = [];
  readonly #told = new Map<StepView, number>();
  readonly #timer: NodeJS.Timeout;
  #drawnLines = 0;
  /** A further remark on the running step, such as what is being built. */
  #detail = '';

  constructor(out: NodeJS.WriteStream = process.stderr) {
    this.#out = out;
    this.#isLive = out.isTTY === true && process.env.TERM !== 'dumb';
    this.#timer = setInterval(() => this.#refresh(), REDRAW_MS);
    this.#timer.unref();
  }

  async step<T>(title: string, logFile: string | null, act: () => Promise<T>): Promise<T> {
    const view: StepView = { title, state: 'running', startedAt: Date.now(), elapsedMs: null, logFile };
    this.#steps.push(view);
    this.#refresh();
    try {
      const result = await act();
      view.state = 'done';
      return result;
    } catch (error) {
      view.state = 'failed';
      throw error;
    } finally {
      view.elapsedMs = Date.now() - view.startedAt;
      this.#refresh();
    }
  }

  /** Shows steps that run elsewhere; `views` is all of them each time, in the order of their start. */
  show(views: readonly StepView[]): void {
    for (const view of views) {
      const known = this.#steps.find((step) => step.title === view.title && step.startedAt === view.startedAt);
      if (known === undefined) this.#steps.push({ ...view });
      else Object.assign(known, view);
    }
    this.#refresh();
  }

  detail(text: string): void {
    this.#detail = text;
    this.#refresh();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#detail = '';
    this.#refresh();
  }

  #refresh(): void {
    if (this.#isLive) this.#draw();
    else this.#tell();
  }

  #draw(): void {
    if (this.#drawnLines > 0) {
      moveCursor(this.#out, 0, -this.#drawnLines);
      cursorTo(this.#out, 0);
    }
    // A finished step is written once and scrolls away; only what runs is drawn again.
    const lines = this.#steps.filter((step) => step.state !== 'running').map((step) => this.#finished(step));
    this.#steps.splice(0, this.#steps.length, ...this.#steps.filter((step) => step.state === 'running'));
    const running = this.#steps.map((step) => this.#running(step));
    for (const line of [...lines, ...running]) {
      clearLine(this.#out, 0);
      this.#out.write(`${line.slice(0, (this.#out.columns ?? 120) + 20)}\n`);
    }
    this.#drawnLines = running.length;
  }

  #tell(): void {
    for (const step of this.#steps) {
      const elapsed = Date.now() - step.startedAt;
      const told = this.#told.get(step) ?? FIRST_NOTE_MS;
      if (step.state !== 'running') {
        if (told !== Number.POSITIVE_INFINITY) this.#out.write(`${this.#finished(step)}\n`);
        this.#told.set(step, Number.POSITIVE_INFINITY);
      } else if (elapsed >= told) {
        this.#out.write(`${this.#running(step)}\n`);
        this.#told.set(step, elapsed * 2);
      }
    }
  }

  #finished(step: StepView): string {
    const [mark, colour] = step.state === 'done' ? (['✓', 'green'] as const) : (['✗', 'red'] as const);
    const log = step.state === 'failed' && step.logFile !== null ? `  log: ${step.logFile}` : '';
    return `${styleText(colour, mark, { stream: this.#out })} ${step.title} ${formatElapsed(step.elapsedMs ?? 0)}${log}`;
  }

  #running(step: StepView): string {
    const log = step.logFile === null ? '' : `  log: ${step.logFile}`;
    const detail = this.#detail === '' ? '' : `  ${this.#detail}`;
    return `${styleText('cyan', '…', { stream: this.#out })} ${step.title} ${formatElapsed(Date.now() - step.startedAt)}${detail}${log}`;
  }
}

export function formatElapsed(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1000)} s`;
}
