// What the supervisor tells about itself, as a whole each time: nobody has to piece a state together from what changed.

import type { PlatformFacts } from '../platform-facts.ts';
import type { PartFacts } from '../processes/supervised-process.ts';

export type PartReport = PartFacts;
export type StepReport = {
  name: string;
  title: string;
  state: 'running' | 'done' | 'failed';
  startedAt: number;
  elapsedMs: number | null;
  logFile: string;
};
export type Failure = { message: string; logFile: string; remedy: string };
export type BootDurations = { importMs: number; clusterMs: number; databaseMs: number; platformMs: number };

export type PlatformReport = {
  state: 'starting' | 'ready' | 'stopping' | 'failed';
  supervisorPid: number;
  startedAt: string;
  steps: StepReport[];
  parts: PartReport[];
  facts: PlatformFacts | null;
  durations: BootDurations | null;
  failure: Failure | null;
};
