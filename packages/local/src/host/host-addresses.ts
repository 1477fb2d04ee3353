// The addresses of this machine: pods of stores must reach none of them, public ones included.

import { networkInterfaces } from 'node:os';

export function listHostAddresses(): string[] {
  const addresses = Object.values(networkInterfaces())
    .flatMap((found) => found ?? [])
    .filter(({ internal }) => !internal)
    // A link-local address may carry the name of its interface.
    .map(({ address }) => address.split('%')[0] ?? '');
  return [...new Set(addresses)].sort();
}
