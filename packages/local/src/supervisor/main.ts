// The supervisor process. It outlives the command that started it and ends by SIGTERM, by `souk down`, or when the platform
// can't be started.

import { explain } from '../platform-error.ts';
import { derivePaths, logFile } from '../platform-paths.ts';
import { ControlServer } from './control-server.ts';
import { rotateLogs } from './rotate-logs.ts';
import { claim } from './single-instance.ts';
import { Supervisor } from './supervisor.ts';
import { openSupervisorLog } from './supervisor-log.ts';
import type { SupervisorOptions } from './supervisor-options.ts';

const options = JSON.parse(process.argv[2] ?? '') as SupervisorOptions;
const paths = derivePaths(options.home, options.cache);
process.title = `souk supervisor ${paths.home}`;
const log = openSupervisorLog(logFile(paths, 'supervisor'));
const supervisor = new Supervisor(paths, options, log);

let stopping: Promise<void> | null = null;
let booting: Promise<void> = Promise.resolve();
const control = new ControlServer(
  () => supervisor.report,
  () => void stop(0),
);

function stop(exitCode: number): Promise<void> {
  stopping ??= (async () => {
    clearInterval(rotation);
    await supervisor.stop(booting);
    control.close();
    process.exit(exitCode);
  })();
  return stopping;
}

for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => void stop(0));
process.on('uncaughtException', (error) => {
  // The parts go on without a supervisor, and the next `up` or `down` finds and ends them.
  log.error('the supervisor itself failed', { error: error.stack });
  // Whoever waits for its first answer shows what stands here.
  console.error(explain(error));
  process.exit(1);
});

const rotation = setInterval(() => {
  // A full disk must not end the one who keeps everything else alive.
  rotateLogs(paths.logs).catch((error: unknown) => log.warn('logs could not be rotated', { error: String(error) }));
}, 60_000);
await claim(`souk-${paths.id}`, {
  message: 'another supervisor keeps this platform already',
  remedy: './souk status',
});
supervisor.onChange = () => control.changed();
await supervisor.heal();
await control.listen(paths.controlSocket);
booting = supervisor.boot().catch((error: unknown) => {
  if (stopping !== null) return;
  supervisor.fail(error);
  // Not awaited: stopping waits for the boot to be over, which it is only when this returns.
  setImmediate(() => void stop(1));
});
