// Node's HTTP as it is, but got without `import`: that reads every export, and one of them (`WebSocket`) loads the whole of `fetch`,
// which nothing here uses and which takes 17 MB of each process.
import type * as http from 'node:http';

const { Agent, createServer, request }: typeof http = process.getBuiltinModule('node:http');

export { Agent, createServer, request };
