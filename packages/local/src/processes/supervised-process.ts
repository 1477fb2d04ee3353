// One long-running part: started, watched, started again with back-off when it dies, and stopped in order. A part counts as
// ready when its own condition holds; `start` returns then, and a restart is over only then.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { tailOf } from '../host/run.ts';
import { PlatformError } from '../platform-error.ts';
import type { SupervisorLog } from '../supervisor/supervisor-log.ts';
import { BackOff } from './back-off.ts';
import type { ChildRegister } from './child-register.ts';
import { endProcesses } from './end-processes.ts';
import { type ProcessIdentity, readIdentity } from './process-identity.ts';
import { until } from './until.ts';

export type PartSpec = {
  name: string;
  /** Asked for again at every start. */
  command: () => readonly string[];
  environment?: NodeJS.ProcessEnv;
  folder?: string;
  user?: { uid: number; gid: number };
  logFile: string;
  /** Throws or gives false until the part serves. */
  isReady: () => Promise<boolean>;
  readyWithinMs: number;
  stopSignal?: NodeJS.Signals;
  stopWithinMs: number;
  /** Notices a part that runs and does nothing. Absent where only its end is noticed. */
  liveness?: Liveness;
};
export type Liveness = {
  /** Whether it does anything at all; not whether what it needs is there. */
  isAlive: () => Promise<boolean>;
  everyMs: number;
  /** So many misses in a row are no busy machine any more. */
  misses: number;
};
export type PartState = 'stopped' | 'starting' | 'ready' | 'waiting';
export type PartFacts = {
  name: string;
  state: PartState;
  pid: number | null;
  startedAt: string | null;
  restarts: number;
  logFile: string;
};

export class SupervisedProcess {
  readonly spec: PartSpec;
  readonly #register: ChildRegister;
  readonly #log: SupervisorLog;
  readonly #backOff = new BackOff();
  readonly #stopping = new AbortController();
  #state: PartState = 'stopped';
  #identity: ProcessIdentity | null = null;
  #startedAt: Date | null = null;
  #restarts = 0;

  constructor(spec: PartSpec, register: ChildRegister, log: SupervisorLog) {
    this.spec = spec;
    this.#register = register;
    this.#log = log;
  }

  get facts(): PartFacts {
    return {
      name: this.spec.name,
      state: this.#state,
      pid: this.#identity?.pid ?? null,
      startedAt: this.#startedAt?.toISOString() ?? null,
      restarts: this.#restarts,
      logFile: this.spec.logFile,
    };
  }

  /** Starts the part and returns when it is ready. From then on it is kept running. */
  async start(): Promise<void> {
    const { ended } = await this.#launch();
    const late = `was not ready within ${this.spec.readyWithinMs / 1000} s`;
    const problem = await Promise.race([
      this.#awaitReady().then((isReady) => (isReady ? null : late)),
      ended.then((how) => `ended while it started (${how})`),
    ]);
    if (problem !== null) {
      const said = await tailOf(this.spec.logFile);
      await this.stop();
      throw new PlatformError(`${this.spec.name} ${problem}; it last said:\n${said}`, {
        logFile: this.spec.logFile,
        remedy: 'put right what it says, in the log with what came before, then "souk up" again',
      });
    }
    this.#state = 'ready';
    void this.#keepRunning(ended);
    void this.#watchForHangs();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    const identity = this.#identity;
    const startedAt = Date.now();
    if (identity !== null) {
      await endProcesses([identity], { signal: this.spec.stopSignal ?? 'SIGTERM', graceMs: this.spec.stopWithinMs });
    }
    if (this.#state !== 'stopped')
      this.#log.info('part stopped', { part: this.spec.name, stopMs: Date.now() - startedAt });
    this.#state = 'stopped';
    await this.#register.remove(this.spec.name);
  }

  async #keepRunning(first: Promise<string>): Promise<void> {
    let ended = first;
    for (;;) {
      const how = await ended;
      if (this.#stopping.signal.aborted) return;
      const ranMs = this.#startedAt === null ? 0 : Date.now() - this.#startedAt.getTime();
      const pauseMs = this.#backOff.next(ranMs);
      this.#state = 'waiting';
      this.#restarts += 1;
      this.#log.warn('part ended and is started again', {
        part: this.spec.name,
        how,
        ranMs,
        pauseMs,
        restarts: this.#restarts,
      });
      try {
        await delay(pauseMs, undefined, { signal: this.#stopping.signal });
        ({ ended } = await this.#launch());
        if (await Promise.race([this.#awaitReady(), ended.then(() => false)])) {
          this.#state = 'ready';
          this.#log.info('part is ready again', { part: this.spec.name, pid: this.#identity?.pid });
        } else if (this.#identity !== null) {
          // It runs but does not serve: ending it gives the next start a chance.
          await endProcesses([this.#identity], { graceMs: this.spec.stopWithinMs });
        }
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        ended = Promise.resolve(`could not be started: ${String(error)}`);
      }
    }
  }

  /** Ends a part that hangs; that it has ended is then seen like any other end. */
  async #watchForHangs(): Promise<void> {
    const { liveness, name, stopWithinMs } = this.spec;
    if (liveness === undefined) return;
    const { signal } = this.#stopping;
    let missed = 0;
    while (!signal.aborted) {
      await delay(liveness.everyMs, undefined, { signal }).catch(() => undefined);
      const identity = this.#identity;
      const isFine = this.#state !== 'ready' || (await liveness.isAlive().catch(() => false));
      missed = isFine || identity?.pid !== this.#identity?.pid ? 0 : missed + 1;
      if (missed < liveness.misses || identity === null || signal.aborted) continue;
      missed = 0;
      this.#log.warn('part hangs and is ended', { part: name, pid: identity.pid, misses: liveness.misses });
      await endProcesses([identity], { graceMs: stopWithinMs });
    }
  }

  async #awaitReady(): Promise<boolean> {
    const isReady = async (): Promise<boolean> => await this.spec.isReady().catch(() => false);
    return await until(isReady, { deadlineMs: this.spec.readyWithinMs, everyMs: 50, signal: this.#stopping.signal });
  }

  /** `ended` tells how the process ends, and stays open as long as it runs. */
  async #launch(): Promise<{ ended: Promise<string> }> {
    const { name, logFile, environment, folder, user } = this.spec;
    const [file = '', ...args] = this.spec.command();
    await mkdir(path.dirname(logFile), { recursive: true });
    const log = await open(logFile, 'a', 0o644);
    let child: ChildProcess;
    let how: Promise<string>;
    try {
      child = spawn(file, args, {
        // A session of its own keeps the terminal's Ctrl-C away; ending parts is the supervisor's job, in its order.
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        env: environment ?? { PATH: process.env.PATH },
        ...(folder === undefined ? {} : { cwd: folder }),
        ...(user === undefined ? {} : user),
      });
      // At once, and not after the next wait: that a program is not there is told in the very next moment, or to nobody.
      how = howItEnds(child);
    } finally {
      await log.close();
    }
    this.#state = 'starting';
    this.#startedAt = new Date();
    let hasEnded = false;
    const ended = how.then((words) => {
      hasEnded = true;
      this.#identity = null;
      return words;
    });
    const identity = child.pid === undefined ? null : await readIdentity(child.pid);
    if (identity !== null && !hasEnded) {
      this.#identity = identity;
      await this.#register.add({ name, ...identity });
    }
    this.#log.info('part started', { part: name, pid: child.pid });
    return { ended };
  }
}

async function howItEnds(child: ChildProcess): Promise<string> {
  return await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
}
