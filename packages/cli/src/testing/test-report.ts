// What the process that runs test files tells the one that counts, one JSON object a line.

export type TestReport =
  | { readonly type: 'start'; readonly name: string; readonly file: string }
  | { readonly type: 'pass'; readonly name: string; readonly isSuite: boolean; readonly durationMs: number }
  | { readonly type: 'skip'; readonly name: string; readonly reason: string }
  | {
      readonly type: 'fail';
      readonly name: string;
      readonly file: string;
      readonly line: number;
      readonly error: string;
    }
  /** What a test says by `context.diagnostic`. */
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'output'; readonly file: string; readonly text: string };
