import assert from 'node:assert/strict';
import { createHash, createHmac, randomBytes, scryptSync } from 'node:crypto';
import { test } from 'node:test';
import { PLANS } from '@souk/contract';
import { CONTAINER_LIMITS, PLANS as PLAN_LIMITS } from '../../tenants/plans.ts';
import { chartSchemaOf, SECRET_INPUT, valuesInputOf } from '../test-inputs.ts';
import { engine } from './engine.ts';
import { hashPassword } from './password-hash.ts';
import { JOB_LIMITS, SIZES } from './sizes.ts';

const VALUES_INPUT = valuesInputOf(engine);
const fitsChart = chartSchemaOf(engine);

for (const plan of PLANS) {
  test(`the values of plan ${plan} are complete and fit the schema of the chart`, () => {
    assert.ok(fitsChart(engine.values({ ...VALUES_INPUT, plan })), JSON.stringify(fitsChart.errors));
    const secured = { ...VALUES_INPUT, plan, clusterIssuer: 'letsencrypt', storageClass: 'fast' };
    assert.ok(fitsChart(engine.values(secured)), JSON.stringify(fitsChart.errors));
  });
}

test('values without one of the images do not pass the schema', () => {
  const { valkey: _, ...images } = VALUES_INPUT.images;
  assert.equal(fitsChart(engine.values({ ...VALUES_INPUT, images })), false);
});

for (const plan of PLANS) {
  test(`the quota of plan ${plan} holds every part, a rolling backend and a Job at the same time`, () => {
    const { backend, worker, storefront, database, cache, uploads } = SIZES[plan];
    const backends =
      (backend.autoscaling.enabled ? backend.autoscaling.maxReplicas : backend.replicas) + backend.maxSurge;
    const parts = [
      ...Array.from({ length: backends }, () => backend.resources.limits),
      ...Array.from({ length: storefront.replicas }, () => storefront.resources.limits),
      ...(worker.enabled ? [worker.resources.limits] : []),
      database.resources.limits,
      cache.resources.limits,
    ];
    const quota = PLAN_LIMITS[plan];
    const cpu = parts.reduce((sum, limits) => sum + toMilli(limits.cpu), JOB_LIMITS[plan].cpuMilli);
    const memory = parts.reduce((sum, limits) => sum + toMib(limits.memory), JOB_LIMITS[plan].memoryMib);
    assert.ok(cpu <= toMilli(quota.cpuLimits), `${cpu}m of ${quota.cpuLimits} CPU`);
    assert.ok(memory <= toMib(quota.memoryLimits), `${memory} MiB of ${quota.memoryLimits}`);
    assert.ok(toMib(uploads.size) + toMib(database.size) <= toMib(quota.storage));
    for (const limits of parts) {
      assert.ok(toMilli(limits.cpu) <= toMilli(CONTAINER_LIMITS.max.cpu));
      assert.ok(toMib(limits.memory) <= toMib(CONTAINER_LIMITS.max.memory));
    }
  });
}

test('ten idle stores of plan standard ask for less than one of two cores', () => {
  const { backend, storefront, database, cache } = SIZES.standard;
  const requests = [backend, storefront, database, cache].map((part) => toMilli(part.resources.requests.cpu));
  assert.ok(requests.reduce((sum, cpu) => sum + cpu, 0) * 10 <= 1000);
});

test('every plan awaits its own workloads, and only large has a worker', () => {
  const names = (plan: (typeof PLANS)[number]) => engine.workloads(plan).map(({ name }) => name);
  assert.deepEqual(names('standard'), ['database', 'cache', 'backend', 'storefront']);
  assert.deepEqual(names('small'), names('standard'));
  assert.deepEqual(names('large'), [...names('standard'), 'worker']);
});

test('secrets are random, long enough, and safe inside a connection URL', async () => {
  const one = await engine.secrets(SECRET_INPUT);
  const other = await engine.secrets(SECRET_INPUT);
  const admin = one['store-admin'] ?? {};
  const internal = one['store-internal'] ?? {};
  assert.match(admin.password ?? '', /^[A-Za-z0-9]{20}$/);
  assert.match(internal.databasePassword ?? '', /^[A-Za-z0-9]{20}$/);
  assert.match(admin.publishableKey ?? '', /^pk_[0-9a-f]{64}$/);
  assert.equal(internal.publishableKey, admin.publishableKey);
  for (const key of ['jwtSecret', 'cookieSecret']) assert.match(internal[key] ?? '', /^[0-9a-f]{64}$/);
  const all = Object.entries(internal).filter(([key]) => !['title', 'adminEmail'].includes(key));
  for (const [key, value] of all) assert.notEqual(other['store-internal']?.[key], value, key);
});

test('a given admin password is kept for the owner and reaches the pods only as a hash', async () => {
  const password = 'correct horse battery staple';
  const secrets = await engine.secrets({ ...SECRET_INPUT, adminPassword: password });
  assert.equal(secrets['store-admin']?.password, password);
  assert.ok(!JSON.stringify(secrets['store-internal']).includes(password));
});

test('the password hash is what scrypt-kdf makes, whatever the letters', async () => {
  for (const password of ['correct horse', 'pässwörd "with" ﬁ', "it's"]) {
    const hash = Buffer.from(await hashPassword(password, randomBytes), 'base64');
    assert.equal(hash.length, 96);
    assert.equal(hash.subarray(0, 7).toString('latin1'), 'scrypt\0');
    assert.deepEqual([hash.readUInt8(7), hash.readUInt32BE(8), hash.readUInt32BE(12)], [15, 8, 1]);
    const key = scryptSync(password, hash.subarray(16, 48), 64, { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 26 });
    const checksum = createHash('sha256').update(hash.subarray(0, 48)).digest().subarray(0, 16);
    assert.deepEqual(hash.subarray(48, 64), checksum);
    const signature = createHmac('sha256', key.subarray(32)).update(hash.subarray(0, 64)).digest();
    assert.deepEqual(hash.subarray(64), signature);
  }
});

function toMilli(cpu: string): number {
  return cpu.endsWith('m') ? Number(cpu.slice(0, -1)) : Number(cpu) * 1000;
}

function toMib(memory: string): number {
  return memory.endsWith('Gi') ? Number(memory.slice(0, -2)) * 1024 : Number(memory.slice(0, -2));
}
