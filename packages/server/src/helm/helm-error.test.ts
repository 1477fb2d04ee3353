import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HelmError } from './helm-error.ts';

const meaningOf = (said: string): string => {
  const { isUnreachable, isPermanent } = new HelmError('upgrade', `Error: ${said}`);
  return isUnreachable ? 'away' : isPermanent ? 'permanent' : 'to be tried again';
};

describe('what a failed Helm says', () => {
  for (const [said, meaning] of [
    ['Kubernetes cluster unreachable: Get "https://10.0.0.1/version": dial tcp', 'away'],
    ['Get "https://10.0.0.1:6443/api": EOF', 'away'],
    ['unexpected EOF', 'away'],
    ['etcdserver: request timed out', 'away'],
    ['etcdserver: leader changed', 'away'],
    ['create: failed to create: etcdserver: request is too large', 'permanent'],
    ['template: x/templates/y.yaml:1: function "typeOf" not defined; parse error', 'permanent'],
    ['execution error at (x/templates/y.yaml:1): wrong typeOf value', 'permanent'],
    ['UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress', 'to be tried again'],
  ] as const) {
    it(`is taken for ${meaning}: ${said}`, () => {
      assert.equal(meaningOf(said), meaning);
    });
  }
});
