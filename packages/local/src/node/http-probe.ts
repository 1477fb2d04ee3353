// Asks a part of the node whether it serves.

import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { connect } from 'node:net';

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
