// How long to wait before a part is started again: twice as long each time, with jitter so that parts that fell together do
// not rise together, and from the beginning again once a part has stood for a while.

const FIRST_MS = 250;
const LONGEST_MS = 15_000;
const STEADY_MS = 60_000;

export class BackOff {
  #failures = 0;
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** The pause after a run that lasted this long. */
  next(ranMs: number): number {
    if (ranMs >= STEADY_MS) this.#failures = 0;
    const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#failures);
    this.#failures += 1;
    return Math.round(full / 2 + (this.#random() * full) / 2);
  }
}
