// Streams that share connections to one API server, by HTTP/2. Of thousands of watches each costs some kilobytes then, where one with a
// connection of its own costs a hundred.
import type { ClientHttp2Session, ClientHttp2Stream, connect as Http2Connect } from 'node:http2';
import type { ClusterAccess } from './kubeconfig.ts';

// What API servers allow (since the mitigation of CVE-2023-44487); others may allow less, and say so once connected.
const STREAMS_A_CONNECTION = 100;

export interface SharedStreams {
  /** The stream and its status once the answer has begun. */
  open(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly stream: ClientHttp2Stream }>;
  close(): void;
}

interface Connection {
  readonly session: ClientHttp2Session;
  streams: number;
  /** False when it is on its way out, or did not answer. */
  takesMore: boolean;
}

export function createSharedStreams({ server, ca, cert, key, isInsecure }: ClusterAccess): SharedStreams {
  const connections = new Set<Connection>();

  /** One with room, or a new one. */
  function findConnection(connect: typeof Http2Connect): Connection {
    for (const connection of connections) {
      const { maxConcurrentStreams = STREAMS_A_CONNECTION } = connection.session.remoteSettings ?? {};
      if (
        connection.takesMore &&
        !connection.session.closed &&
        !connection.session.destroyed &&
        connection.streams < Math.min(maxConcurrentStreams, STREAMS_A_CONNECTION)
      ) {
        return connection;
      }
    }
    const session = connect(server, { ca, cert, key, rejectUnauthorized: !isInsecure });
    const connection: Connection = { session, streams: 0, takesMore: true };
    connections.add(connection);
    const retire = (): void => {
      connection.takesMore = false;
    };
    // The streams that it has go on.
    session.on('goaway', retire);
    // Each of its streams fails with the same error, and is heard.
    session.on('error', retire);
    session.on('close', () => connections.delete(connection));
    return connection;
  }

  return {
    async open(path, headers, signal) {
      // Only who watches that much needs it.
      const { connect } = await import('node:http2');
      const connection = findConnection(connect);
      const stream = connection.session.request({ ':path': path, ...headers }, { signal });
      connection.streams += 1;
      stream.on('close', () => {
        connection.streams -= 1;
        if (connection.streams === 0) {
          connection.takesMore = false;
          connection.session.destroy();
        }
      });
      return await new Promise((resolve, reject) => {
        let isAnswered = false;
        stream.on('response', (answer) => {
          isAnswered = true;
          resolve({ status: answer[':status'] ?? 0, stream });
        });
        // Stays, because an error that comes while nobody reads would end the process. It may be of the whole connection.
        stream.on('error', (error) => {
          if (!signal.aborted) connection.takesMore = false;
          reject(error);
        });
        stream.on('close', () => {
          // It may be the connection that did not answer: nobody else is to wait for it.
          if (!isAnswered) connection.takesMore = false;
          reject(new Error('the connection was closed before an answer'));
        });
      });
    },
    close() {
      for (const { session } of connections) session.destroy();
      connections.clear();
    },
  };
}
