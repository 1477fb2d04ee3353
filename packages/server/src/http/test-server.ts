// The HTTP application on a port, on a database of its own, without workers: for programs that test it from outside. Writes one line of
// JSON, `{url, tokens}` with a token of each of two tenants, and ends with its standard input.
import { createTestApp } from './test-app.ts';

const world = await createTestApp();
const tenants = [await world.addTenant(), await world.addTenant()];
const url = await world.app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${JSON.stringify({ url, tokens: tenants.map(({ token }) => token) })}\n`);
process.stdin.resume().once('end', () => {
  void world.close().then(() => process.exit(0));
});
