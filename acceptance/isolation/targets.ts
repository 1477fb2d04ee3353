// Every address that a store is tried against, in one place. What stands for the world outside (the metadata service of a cloud, the
// machine, private networks, the internet) is put on an interface inside the node's own network namespace, with something that
// listens there: no probe ever leaves the namespace, and one that is let through is noticed.

export interface Target {
  readonly what: string;
  readonly host: string;
  readonly port: number;
  readonly mayReach: boolean;
}

/** The port on which the stand-ins listen. */
export const STAND_IN_PORT = 8099;

// From ranges for documentation and tests; what no policy calls private stands for the internet.
const INTERNET = '203.0.113.80';
const PRIVATE: readonly (readonly [string, string])[] = [
  ['the metadata service of a cloud', '169.254.169.254'],
  ['a private network (10.0.0.0/8)', '10.250.0.80'],
  ['a private network (172.16.0.0/12)', '172.20.0.80'],
  ['a private network (192.168.0.0/16)', '192.168.250.80'],
  ['a carrier’s network (100.64.0.0/10)', '100.127.250.80'],
];

/** Stand-ins; `hostAddresses` are those of the machine, all counted as one. */
export function standIns(hostAddresses: readonly string[]): Target[] {
  const target = (what: string, host: string, mayReach: boolean): Target => ({
    what,
    host,
    port: STAND_IN_PORT,
    mayReach,
  });
  return [
    ...PRIVATE.map(([what, host]) => target(what, host, false)),
    ...hostAddresses.map((host) => target('the machine, by its own address', host, false)),
    target('the internet', INTERNET, true),
  ];
}
