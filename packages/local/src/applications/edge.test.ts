import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderEdgeConfig } from './edge.ts';

const addresses = {
  port: 8090,
  apiPort: 41000,
  ingress: { host: '100.64.0.2', port: 30080 },
  baseDomain: 'shops.localhost',
};

test('the edge listens on the loopback addresses alone', () => {
  const binds = [...renderEdgeConfig(addresses, { hasIpv6: true, isRoot: true }).matchAll(/^ *bind (.*)$/gm)].map(
    ([, address]) => address,
  );
  assert.deepEqual(binds, ['127.0.0.1:8090', '[::1]:8090']);
});

test('a machine without IPv6 gets no address that can’t be bound', () => {
  assert.doesNotMatch(renderEdgeConfig(addresses, { hasIpv6: false, isRoot: true }), /\[::1\]:8090/);
});

test('the platform’s own names go to the API and all others to the ingress controller', () => {
  const config = renderEdgeConfig(addresses, { hasIpv6: true, isRoot: true });
  assert.match(config, /acl own_name .* localhost 127\.0\.0\.1 \[::1\] shops\.localhost dashboard\.shops\.localhost$/m);
  assert.match(config, /server api 127\.0\.0\.1:41000$/m);
  assert.match(config, /server node 100\.64\.0\.2:30080$/m);
});
