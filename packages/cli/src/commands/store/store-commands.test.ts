import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Pod, type StoreAndJob, storeAndJobSchema, storeListSchema } from '@souk/contract';
import { COMMANDS } from '../../command-list.ts';
import { type PlatformStub, startPlatformStub, storeNamed } from '../../test-platform-stub.ts';
import { type CommandEnd, type Run, runCommands } from '../../test-terminal.ts';

let stub: PlatformStub;
beforeEach(async () => {
  stub = await startPlatformStub();
});
afterEach(() => stub.close());

const souk = async (line: string, run: Run = {}): Promise<CommandEnd> =>
  await runCommands(COMMANDS, line, { ...run, env: { ...stub.env, ...run.env } });

function becomeReady(): void {
  stub.script = (store) => {
    stub.tell(store, { type: 'store.step_started', step: 'ensureNamespace', message: 'Making the namespace' });
    stub.tell(store, {
      type: 'store.step_completed',
      step: 'ensureNamespace',
      message: 'The namespace is there',
      durationMs: 120,
    });
    stub.tell(store, { type: 'store.step_started', step: 'awaitWorkloads', message: 'Waiting for the pods' });
    stub.tell(store, {
      type: 'store.step_completed',
      step: 'awaitWorkloads',
      message: 'All pods are ready',
      durationMs: 4_100,
    });
    stub.change(store.id, { phase: 'ready', readyAt: '2026-01-01T00:00:12.300Z' });
    stub.tell(store, { type: 'store.ready', message: 'ready' });
  };
}

describe('souk store create', () => {
  it('returns at once and says where to look', async () => {
    const { exitCode, out } = await souk('store create acme');
    assert.equal(exitCode, 0);
    assert.match(out, /acme is on its way: http:\/\/acme\.souk\.localhost:8080/);
  });

  it('shows one plain line for each step that ended where nobody watches, and no control characters', async () => {
    becomeReady();
    const { exitCode, out, error } = await souk('store create acme --wait');
    assert.equal(exitCode, 0);
    assert.deepEqual(error.trimEnd().split('\n').slice(1), [
      '  ✓ 1 of 6 · The namespace is there · 0.1 s',
      '  ✓ 5 of 6 · All pods are ready · 4.1 s',
    ]);
    assert.match(out, /acme is ready after 12\.3 s/);
    assert.ok(!`${out}${error}`.includes('\u001b') && !error.includes('\r'));
  });

  it('shows the running step on a moving line in colours to a person', async () => {
    becomeReady();
    const { out, error } = await souk('store create acme --wait', { isTTY: true });
    assert.match(error, /… 1 of 6 · Making the namespace/);
    assert.ok(error.includes('\r\u001b[2K'));
    assert.ok(out.includes('\u001b[32m'));
  });

  it('uses no colours against NO_COLOR', async () => {
    becomeReady();
    const { out } = await souk('store create acme --wait', { isTTY: true, env: { NO_COLOR: '1' } });
    assert.ok(!out.includes('\u001b[3'));
  });

  it('prints JSON and nothing else for programs', async () => {
    becomeReady();
    const { out, error } = await souk('store create acme --wait --json');
    const { store }: StoreAndJob = storeAndJobSchema.parse(JSON.parse(out));
    assert.equal(store.phase, 'ready');
    assert.equal(error, '');
  });

  it('exits with 1 and tells why when the store cannot be made', async () => {
    stub.script = (store) => {
      stub.change(store.id, {
        phase: 'failed',
        error: { code: 'timeout', step: 'awaitWorkloads', message: 'the image is missing' },
      });
      stub.tell(store, { type: 'store.provisioning_failed', message: 'the image is missing' });
    };
    const { exitCode, error } = await souk('store create acme --wait');
    assert.equal(exitCode, 1);
    assert.match(error, /acme could not be made \(awaitWorkloads\): the image is missing/);
    assert.match(error, /what to do: .*souk store retry acme/);
  });

  it('exits with 5 when time runs out, and says that the platform goes on', async () => {
    const { exitCode, error } = await souk('store create acme --wait --timeout 100ms');
    assert.equal(exitCode, 5);
    assert.match(error, /goes on working/);
  });

  it('exits with 4 when the name is taken', async () => {
    stub.refuse('POST /api/v1/stores', 'name_taken');
    const { exitCode, error } = await souk('store create acme');
    assert.equal(exitCode, 4);
    assert.match(error, /what to do: choose another name/);
  });

  it('never takes a password from the command line', async () => {
    const { exitCode } = await souk('store create acme --admin-password secret');
    assert.equal(exitCode, 2);
  });
});

describe('souk store repair', () => {
  beforeEach(() => stub.stores.push(storeNamed('acme', { generation: 2, observedGeneration: 1 })));

  it('returns at once, and asks for a repair of the store that was named', async () => {
    const { exitCode, out } = await souk('store repair acme');
    assert.equal(exitCode, 0);
    assert.match(out, /acme is being repaired/);
    assert.ok(stub.requests.includes('POST /api/v1/stores/sto_acme000000/repair'));
  });

  it('stays until the repair has ended, not only until the store is ready, which it was before', async () => {
    stub.script = (store) => {
      stub.tell(store, { type: 'store.repaired', message: 'acme is as it should be again' });
      setTimeout(() => {
        stub.change(store.id, { observedGeneration: 2 });
        stub.tell(store, { type: 'store.repaired', message: 'acme is as it should be again' });
      }, 300);
    };
    const { exitCode, out } = await souk('store repair acme --wait --timeout 10s');
    assert.equal(exitCode, 0);
    assert.equal(stub.stores[0]?.observedGeneration, 2);
    assert.match(out, /acme is as it should be\n/);
    assert.match(out, /http:\/\/acme\.souk\.localhost:8080/);
  });

  it('exits with 1 and says what to agree to when it needs a person again', async () => {
    stub.script = (store) => {
      const error = { code: 'data_lost', step: null, message: 'its namespace was deleted' };
      stub.change(store.id, { observedGeneration: 2, error });
      stub.tell(store, { type: 'store.repair_needed', message: error.message });
    };
    const { exitCode, error } = await souk('store repair acme --wait --timeout 10s');
    assert.equal(exitCode, 1);
    assert.match(error, /acme could not be repaired: its namespace was deleted/);
    assert.match(error, /what to do: .*"souk store repair acme" agrees to it/);
  });

  it('exits with 4 while a store cannot be repaired', async () => {
    stub.refuse('POST /api/v1/stores/sto_acme000000/repair', 'not_repairable');
    assert.equal((await souk('store repair acme')).exitCode, 4);
  });
});

describe('souk store list', () => {
  it('aligns its columns', async () => {
    stub.stores.push(
      storeNamed('acme'),
      storeNamed('a-much-longer-name', { phase: 'provisioning', health: 'unknown' }),
    );
    const { out } = await souk('store list');
    const [header = '', first = '', second = ''] = out.split('\n');
    assert.equal(first.indexOf('medusa'), header.indexOf('ENGINE'));
    assert.equal(second.indexOf('medusa'), header.indexOf('ENGINE'));
    assert.equal(second.indexOf('provisioning'), header.indexOf('PHASE'));
  });

  it('keeps standard output empty when there is nothing, and valid with --json', async () => {
    assert.equal((await souk('store list')).out, '');
    const { out } = await souk('store list --json');
    assert.deepEqual(storeListSchema.pick({ items: true }).parse(JSON.parse(out)), { items: [] });
  });

  it('refuses a phase that does not exist without asking the platform', async () => {
    assert.equal((await souk('store list --phase asleep')).exitCode, 2);
    assert.deepEqual(stub.requests, []);
  });
});

describe('souk store show, credentials and events', () => {
  it('take a store by its name and by its id', async () => {
    const store = storeNamed('acme');
    stub.stores.push(storeNamed('acme-2'), store);
    assert.match((await souk('store show acme')).out, /id\s+sto_acme000000/);
    assert.match((await souk(`store show ${store.id}`)).out, /name\s+acme/);
  });

  it('exit with 3 for a store that is not there', async () => {
    stub.stores.push(storeNamed('acme'));
    for (const name of ['acm', 'sto_zzzzzzzzzz']) {
      const { exitCode, error } = await souk(`store show ${name}`);
      assert.equal(exitCode, 3, error);
      assert.match(error, /what to do: "souk store list"/);
    }
  });

  it('reveal the login', async () => {
    stub.stores.push(storeNamed('acme'));
    const { out } = await souk('store credentials acme');
    assert.match(out, /username\s+admin@example\.com\npassword\s+a secret/);
  });

  it('print the timeline, one JSON object a line for programs', async () => {
    const store = storeNamed('acme');
    stub.stores.push(store);
    stub.tell(store, { type: 'store.requested', message: 'requested' });
    stub.tell(store, { type: 'store.ready', message: 'it is ready', durationMs: 12_300 });
    assert.match((await souk('store events acme')).out, /ready +it is ready · 12\.3 s/);
    const { out } = await souk('store events acme --json');
    assert.deepEqual(
      out
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { type: string }).type),
      ['store.requested', 'store.ready'],
    );
  });
});

describe('souk store logs and open', () => {
  const podNamed = (name: string, component: string): Pod => ({
    ...{ name, component, podPhase: 'Running', ready: true, restarts: 0, message: null },
    ...{ containers: [component], startedAt: null },
  });
  beforeEach(() => {
    stub.stores.push(storeNamed('acme'));
    stub.pods.push(podNamed('backend-0', 'backend'), podNamed('database-0', 'database'));
  });

  it('show the lines of every pod after its component, and one JSON object a line for programs', async () => {
    assert.equal((await souk('store logs acme')).out, 'backend  I am backend-0\ndatabase I am database-0\n');
    const { out, error } = await souk('store logs acme --json');
    assert.deepEqual(
      out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
      [
        { pod: 'backend-0', component: 'backend', line: 'I am backend-0' },
        { pod: 'database-0', component: 'database', line: 'I am database-0' },
      ],
    );
    assert.equal(error, '');
  });

  it('print the address that was asked for, and both without a word more for programs', async () => {
    assert.equal((await souk('store open acme --admin')).out, 'http://acme.souk.localhost:8080/app\n');
    const { out, error } = await souk('store open acme --json', { env: { DISPLAY: ':none' } });
    const { storefrontUrl, adminUrl } = storeNamed('acme');
    assert.deepEqual(JSON.parse(out), { storefrontUrl, adminUrl });
    assert.equal(error, '');
  });
});

describe('souk token and down', () => {
  it('print the token alone on the last line, and as JSON for programs', async () => {
    assert.equal((await souk('token')).out, 'test-token\n');
    assert.deepEqual(JSON.parse((await souk('token --json')).out), { token: 'test-token' });
  });

  it('say for programs whether the data went too', async () => {
    const home = path.join(await mkdtemp(path.join(tmpdir(), 'souk-down-')), 'home');
    try {
      const { exitCode, out } = await souk('down --json', { env: { SOUK_HOME: home } });
      assert.equal(exitCode, 0);
      assert.deepEqual(JSON.parse(out), { home, isPurged: false });
    } finally {
      await rm(path.dirname(home), { recursive: true });
    }
  });
});

describe('souk store delete', () => {
  beforeEach(() => {
    stub.stores.push(storeNamed('acme'));
    stub.script = (store) => {
      stub.tell(store, {
        type: 'store.step_completed',
        step: 'confirmGone',
        message: 'Nothing is left',
        durationMs: 900,
      });
      stub.change(store.id, { phase: 'deleted' });
      stub.tell(store, { type: 'store.deleted', message: 'deleted' });
    };
  });
  const wasDeleted = (): boolean => stub.requests.some((request) => request.startsWith('DELETE'));

  it('needs --yes where nobody can be asked', async () => {
    const { exitCode, error } = await souk('store delete acme');
    assert.equal(exitCode, 2);
    assert.match(error, /what to do: add --yes/);
    assert.equal(wasDeleted(), false);
  });

  it('deletes nothing when the name is not typed again', async () => {
    const { exitCode } = await souk('store delete acme', { isTTY: true, input: 'acne\n' });
    assert.equal(exitCode, 1);
    assert.equal(wasDeleted(), false);
  });

  it('deletes when the name is typed again', async () => {
    assert.equal((await souk('store delete acme', { isTTY: true, input: 'acme\n' })).exitCode, 0);
    assert.equal(wasDeleted(), true);
  });

  it('stays until nothing is left with --wait', async () => {
    const { exitCode, out, error } = await souk('store delete acme --yes --wait');
    assert.equal(exitCode, 0);
    assert.match(error, /4 of 4 · Nothing is left · 0\.9 s/);
    assert.match(out, /acme is gone/);
  });

  it('exits with 4 when it is being deleted already', async () => {
    stub.refuse('DELETE /api/v1/stores/sto_acme000000', 'already_deleting');
    assert.equal((await souk('store delete acme --yes')).exitCode, 4);
  });
});

describe('every command', () => {
  it('exits with 6 and names the address when the platform cannot be reached', async () => {
    const { exitCode, error } = await souk('store delete acme --yes', { env: { SOUK_URL: 'http://127.0.0.1:2' } });
    assert.equal(exitCode, 6);
    assert.match(error, /http:\/\/127\.0\.0\.1:2.* cannot be reached/);
  });

  it('exits with 6 when no platform was ever started here', async () => {
    const { exitCode, error } = await souk('store list', { env: { SOUK_URL: '', SOUK_HOME: '/nonexistent/souk' } });
    assert.equal(exitCode, 6);
    assert.match(error, /there is no platform in \/nonexistent\/souk/);
  });

  it('exits with 1 and points to the token when it is wrong', async () => {
    stub.refuse('GET /api/v1/stores', 'unauthenticated');
    const { exitCode, error } = await souk('store list');
    assert.equal(exitCode, 1);
    assert.match(error, /SOUK_TOKEN/);
  });
});
