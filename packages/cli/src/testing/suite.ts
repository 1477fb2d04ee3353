// What `souk test` runs: suites, each of which counts what passed, failed and was skipped. A suite that cannot even start is a
// failure of that suite, never a silent zero.

export interface Failure {
  readonly name: string;
  /** Whatever a person needs to find the cause. */
  readonly text: string;
}
export interface Skip {
  readonly name: string;
  readonly reason: string;
}
export interface PassedTest {
  readonly name: string;
  readonly durationMs: number;
}

export interface Tally {
  readonly passed: number;
  readonly failures: readonly Failure[];
  readonly skips: readonly Skip[];
  /** What the tests have to tell beyond that they passed, such as a table. */
  readonly notes?: readonly string[];
  /** Those that took longest, longest first: where to look when a run takes too long. */
  readonly longest?: readonly PassedTest[];
}

export interface SuiteRun {
  readonly signal: AbortSignal;
  /** Set for every suite; those that need a platform find it named here. */
  readonly env: NodeJS.ProcessEnv;
  /** What is being tested now, for the line that moves. */
  readonly onProgress: (what: string, tally: { readonly passed: number; readonly failed: number }) => void;
}

export interface Suite {
  /** One word, for `--only`. */
  readonly name: string;
  readonly title: string;
  /** Programs are what a bare machine gets with its first platform: helm, kubeconform, HAProxy. */
  readonly needs: 'nothing' | 'programs' | 'platform' | 'platform to break';
  readonly run: (run: SuiteRun) => Promise<Tally>;
}

export interface SuiteReport extends Tally {
  readonly suite: Pick<Suite, 'name' | 'title'>;
  readonly durationMs: number;
  /** Why it never began; null when it did. */
  readonly whyNotRun: string | null;
}

/** The tally of a suite that is one check: it holds or it does not. */
export function tallyOfCheck(name: string, failure: string | null): Tally {
  return failure === null
    ? { passed: 1, failures: [], skips: [] }
    : { passed: 0, failures: [{ name, text: failure }], skips: [] };
}
