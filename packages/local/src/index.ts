// The local platform: everything that `./souk up`, `down`, `status`, `kubectl` and `helm` do on this machine.
//
//   up(options)      boots what is missing and returns a RunningPlatform as soon as the platform answers. The platform is
//                    kept by a supervisor process of its own that outlives the caller; `running.attach(signal)` stays
//                    until the signal is aborted, which stops everything in order; so does `options.signal` during the
//                    start. A second `up` finds the running platform and returns it at once. Throws PlatformError: what happened, log file, what to do.
//   down(options)    stops all in order and removes every process, mount, network namespace, interface and cgroup;
//                    `purge` removes SOUK_HOME as well. Works also when the supervisor has died.
//   status(options)  what runs, since when, how often it was started again. Never starts anything.
//   runProgram(name, args)  runs kubectl or helm against the platform with our stdin/stdout; gives its exit code.
//   platformPaths()  SOUK_HOME, SOUK_CACHE and the files that other parts read (platform.json, secrets, kubeconfig).
//
// Progress goes to stderr, so that stdout stays free for `--json`.

export { freePort } from './applications/ports.ts';
export type { DownOptions } from './down.ts';
export { down } from './down.ts';
export type { ImageToBring } from './existing-cluster.ts';
export { PlatformError } from './platform-error.ts';
export type { PlatformFacts } from './platform-facts.ts';
export { readPlatformFacts } from './platform-facts.ts';
export type { PlatformPaths } from './platform-paths.ts';
export { platformPaths } from './platform-paths.ts';
export { runProgram } from './run-program.ts';
export type { PlatformStatus } from './status.ts';
export { status } from './status.ts';
export type { PartReport, PlatformReport } from './supervisor/platform-report.ts';
export { claim } from './supervisor/single-instance.ts';
export type { Durations, RunningPlatform, UpOptions } from './up.ts';
export { up } from './up.ts';
