import assert from 'node:assert/strict';
import { test } from 'node:test';
import { derivePaths } from '../platform-paths.ts';
import { deriveNetwork } from './node-network.ts';

test('a home always gets the same subnet at its first attempt', () => {
  assert.deepEqual(deriveNetwork('000000', 0), { hostIp: '100.64.0.1', nodeIp: '100.64.0.2', prefix: 30 });
  assert.deepEqual(deriveNetwork('ab12cd', 0), deriveNetwork('ab12cd', 0));
});

test('further attempts and other homes get other subnets', () => {
  const networks = ['/var/lib/souk', '/var/lib/souk-test'].flatMap((home) =>
    Array.from({ length: 32 }, (_, attempt) => deriveNetwork(derivePaths(home, '/c').id, attempt).nodeIp),
  );
  assert.equal(new Set(networks).size, networks.length);
});

test('every address lies in 100.64.0.0/10 and both ends share one /30', () => {
  for (const id of ['000000', 'ffffff', '0fffff', '100000', '7a3c19', 'c0ffee']) {
    for (let attempt = 0; attempt < 32; attempt += 1) {
      const { hostIp, nodeIp } = deriveNetwork(id, attempt);
      const [first = 0, second = 0, third = 0, fourth = 0] = hostIp.split('.').map(Number);
      assert.ok(first === 100 && second >= 64 && second < 128 && third < 256 && fourth % 4 === 1, hostIp);
      assert.equal(nodeIp, `${first}.${second}.${third}.${fourth + 1}`);
    }
  }
});

test('interface names fit into what the kernel allows', () => {
  const { hostInterface, nodeInterface } = derivePaths('/var/lib/souk', '/c');
  assert.ok(hostInterface.length <= 15 && nodeInterface.length <= 15);
});
