// Where a command writes: results to standard output, everything else (progress, questions, errors) to standard error. Colours
// and live lines only where a person looks, and never against NO_COLOR.
import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { styleText } from 'node:util';

export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold';

interface Stream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export class Terminal {
  /** Whether a person watches standard error, so that lines may be redrawn. */
  readonly isLive: boolean;
  readonly #out: Stream;
  readonly #error: Stream;
  readonly #input: Readable & { readonly isTTY?: boolean };
  readonly #hasColour: { readonly out: boolean; readonly error: boolean };
  #liveLine = '';

  constructor(streams: { out: Stream; error: Stream; input: Readable & { isTTY?: boolean } }, env: NodeJS.ProcessEnv) {
    this.#out = streams.out;
    this.#error = streams.error;
    this.#input = streams.input;
    const mayRedraw = env.TERM !== 'dumb' && env.CI === undefined;
    const mayColour = !env.NO_COLOR && env.TERM !== 'dumb';
    this.isLive = streams.error.isTTY === true && mayRedraw;
    this.#hasColour = {
      out: mayColour && streams.out.isTTY === true,
      error: mayColour && streams.error.isTTY === true,
    };
  }

  get canAsk(): boolean {
    return this.#input.isTTY === true && this.#error.isTTY === true;
  }

  /** A line of the result. */
  print(line = ''): void {
    this.#clearLiveLine();
    this.#out.write(`${line}\n`);
    this.#drawLiveLine();
  }

  printJson(value: unknown): void {
    this.print(JSON.stringify(value, null, 2));
  }

  /** A line beside the result. */
  note(line = ''): void {
    this.#clearLiveLine();
    this.#error.write(`${line}\n`);
    this.#drawLiveLine();
  }

  /** Replaces the one line at the bottom that moves; empty removes it. Does nothing where nobody watches. */
  setLiveLine(line: string): void {
    if (!this.isLive) return;
    this.#clearLiveLine();
    this.#liveLine = line;
    this.#drawLiveLine();
  }

  async ask(question: string, signal: AbortSignal): Promise<string> {
    const lines = createInterface({ input: this.#input, output: this.#error });
    try {
      return await lines.question(question, { signal });
    } finally {
      lines.close();
    }
  }

  /** For a line that `print` writes. */
  paint(colour: Colour, text: string): string {
    return this.#hasColour.out ? styleText(colour, text, { validateStream: false }) : text;
  }

  /** For a line that `note` or `setLiveLine` writes. */
  paintNote(colour: Colour, text: string): string {
    return this.#hasColour.error ? styleText(colour, text, { validateStream: false }) : text;
  }

  #clearLiveLine(): void {
    if (this.#liveLine !== '') this.#error.write('\r\u001b[2K');
  }

  #drawLiveLine(): void {
    if (this.#liveLine !== '') this.#error.write(cutTo(this.#liveLine, (this.#error.columns ?? 80) - 1));
  }
}

// A line that wraps could not be removed again by one carriage return.
function cutTo(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}
