import assert from 'node:assert/strict';
import { test } from 'node:test';
import { derivePaths } from '../platform-paths.ts';
import { wayOutCommand } from './way-out.ts';

test('pods reach nothing that listens on the loopback of the host, and nothing outside reaches pods', () => {
  const command = wayOutCommand(derivePaths('/var/lib/souk-x', '/c'), '/var/lib/souk-x/logs/way-out.log');
  assert.ok(command.includes('--no-map-gw'));
  for (const direction of ['--tcp-ports', '--udp-ports', '--tcp-ns', '--udp-ns']) {
    assert.equal(command[command.indexOf(direction) + 1], 'none', direction);
  }
});
