import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLANS } from '@souk/contract';
import { CONTAINER_LIMITS, PLANS as PLAN_LIMITS } from '../../tenants/plans.ts';
import { chartSchemaOf, SECRET_INPUT, valuesInputOf } from '../test-inputs.ts';
import { engine } from './engine.ts';
import { SIZES } from './sizes.ts';

const VALUES_INPUT = valuesInputOf(engine);
const fitsChart = chartSchemaOf(engine);

for (const plan of PLANS) {
  test(`the values of plan ${plan} are complete and fit the schema of the chart`, () => {
    assert.ok(fitsChart(engine.values({ ...VALUES_INPUT, plan })), JSON.stringify(fitsChart.errors));
    const secured = { ...VALUES_INPUT, plan, clusterIssuer: 'letsencrypt', storageClass: 'fast' };
    assert.ok(fitsChart(engine.values({ ...secured, publicScheme: 'https' })), JSON.stringify(fitsChart.errors));
  });

  test(`the quota of plan ${plan} holds every part, a rolling pod and the Job of what is due at the same time`, () => {
    const { web, php, nginx, database, cron, uploads } = SIZES[plan];
    const pods = Array.from({ length: web.replicas + web.maxSurge }, () => [php.resources, nginx.resources]).flat();
    const parts = [...pods, database.resources, cron.resources].map(({ limits }) => limits);
    const quota = PLAN_LIMITS[plan];
    const cpu = parts.reduce((sum, limits) => sum + toMilli(limits.cpu), 0);
    const memory = parts.reduce((sum, limits) => sum + toMib(limits.memory), 0);
    assert.ok(cpu <= toMilli(quota.cpuLimits), `${cpu}m of ${quota.cpuLimits} CPU`);
    assert.ok(memory <= toMib(quota.memoryLimits), `${memory} MiB of ${quota.memoryLimits}`);
    assert.ok(toMib(uploads.size) + toMib(database.size) <= toMib(quota.storage));
    for (const limits of parts) {
      assert.ok(toMilli(limits.cpu) <= toMilli(CONTAINER_LIMITS.max.cpu));
      assert.ok(toMib(limits.memory) <= toMib(CONTAINER_LIMITS.max.memory));
    }
  });
}

test('values without one of the images do not pass the schema', () => {
  const { woocommerce: _, ...images } = VALUES_INPUT.images;
  assert.equal(fitsChart(engine.values({ ...VALUES_INPUT, images })), false);
});

test('ten idle stores of plan standard ask for less than one of two cores', () => {
  const { php, nginx, database } = SIZES.standard;
  const requests = [php, nginx, database].map((part) => toMilli(part.resources.requests.cpu));
  assert.ok(requests.reduce((sum, cpu) => sum + cpu, 0) * 10 <= 1000);
});

test('stores run what is due at minutes of their own, each always at the same', () => {
  const scheduleOf = (id: string) =>
    (engine.values({ ...VALUES_INPUT, storeId: `sto_${id}` }).cron as { schedule: string }).schedule;
  const minutes = new Set(Array.from({ length: 60 }, (_, index) => scheduleOf(`store${10_000 + index}`)));
  assert.ok(minutes.size >= 10, [...minutes].join());
  for (const schedule of minutes) assert.match(schedule, /^([0-9]|1[0-4])-59\/15 \* \* \* \*$/);
  assert.equal(scheduleOf('abcdefghij'), scheduleOf('abcdefghij'));
});

test('a store has eight keys and salts of its own, each long enough and none like another', async () => {
  const { 'store-internal': internal = {} } = await engine.secrets(SECRET_INPUT);
  const salts = Object.entries(internal).filter(([name]) => /(Key|Salt)$/.test(name));
  assert.equal(salts.length, 8);
  assert.equal(new Set(salts.map(([, value]) => value)).size, 8);
  for (const [name, value] of salts) assert.match(value, /^[0-9a-f]{64}$/, name);
});

test('the pods never get the password of the admin, and the owner is shown nothing else', async () => {
  const { 'store-admin': admin = {}, 'store-internal': internal = {} } = await engine.secrets(SECRET_INPUT);
  assert.deepEqual(Object.keys(admin).sort(), ['password', 'username']);
  assert.equal(admin.username, 'owner@acme.test');
  assert.equal(admin.password?.length, 20);
  for (const value of Object.values(internal)) assert.ok(!value.includes(admin.password ?? ''));
});

test('a password that was given is kept and is what the hash is made of', async () => {
  const given = 'correct horse, Töpferei';
  const { 'store-admin': admin } = await engine.secrets({ ...SECRET_INPUT, adminPassword: given });
  assert.equal(admin?.password, given);
});

function toMilli(cpu: string): number {
  return cpu.endsWith('m') ? Number(cpu.slice(0, -1)) : Number(cpu) * 1000;
}

function toMib(memory: string): number {
  return Number(memory.slice(0, -2)) * (memory.endsWith('Gi') ? 1024 : 1);
}
