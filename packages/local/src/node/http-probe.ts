// Asks a part of the node whether it serves.

import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { connect } from 'node:net';
import { tryRun } from '../host/run.ts';
import type { PlatformPaths } from '../platform-paths.ts';
import { inNetwork } from './node-network.ts';

const ANSWER_WITHIN_MS = 2_000;

export type ProbeOptions = { ca?: string; cert?: string; key?: string; headers?: Record<string, string> };

/** True when the address answers with 200. Certificates are checked only where an authority is given: a probe tells nothing. */
export async function answersOk(url: string, options: ProbeOptions = {}): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const request = url.startsWith('https:') ? requestSecure : requestPlain;
    const sent = request(
      url,
      { ...options, agent: false, timeout: ANSWER_WITHIN_MS, rejectUnauthorized: options.ca !== undefined },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    sent.once('timeout', () => sent.destroy());
    sent.once('error', () => resolve(false));
    sent.end();
  });
}

// $1 is the port, $2 the path of a plain request, or nothing where only a connection is wanted.
const ASK_LOOPBACK = `exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
[ -z "$2" ] && exit 0
printf 'GET %s HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' "$2" >&3
read -r -t 2 _ status _ <&3
[ "$status" = 200 ]`;

/** True when the node's own loopback, which nothing but a process inside can reach, answers with 200; or just accepts. */
export async function answersInside(paths: PlatformPaths, port: number, path = ''): Promise<boolean> {
  const asked = inNetwork(paths, ['bash', '-c', ASK_LOOPBACK, 'probe', String(port), path]);
  return (await tryRun(asked, { timeoutMs: ANSWER_WITHIN_MS })).code === 0;
}

/** True when something accepts connections on the unix socket. */
export async function accepts(socketFile: string): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const socket = connect(socketFile);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
