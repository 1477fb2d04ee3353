// Every way of asking wrongly gets the documented error: a 4xx problem with its code, never a 5xx, never a stack trace.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ERRORS, type ErrorCode, problemSchema } from '@souk/contract';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { removeStore, requestStore, TEST_ENGINE } from '../stores.ts';

interface Case {
  readonly title: string;
  readonly method?: string;
  readonly path?: string;
  /** null takes one away that would be sent otherwise. */
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly body?: unknown;
  readonly rawBody?: string;
  /** null sends none. */
  readonly token?: string | null;
  readonly code: ErrorCode;
  /** The field that the answer must name. */
  readonly field?: string;
}

const STORES = '/api/v1/stores';
const ABSENT = 'sto_aaaaaaaaaa';
const create = (title: string, change: object, field: string): Case => ({
  title,
  method: 'POST',
  body: { name: 'fine', engine: TEST_ENGINE, ...change },
  code: 'invalid_request',
  field,
});
const badName = (title: string, name: unknown): Case => create(`a name ${title}`, { name }, 'name');
const post = (title: string, rawBody: string, more: Partial<Case> = {}): Case => ({
  title,
  method: 'POST',
  rawBody,
  code: 'invalid_request',
  ...more,
});
const get = (title: string, path: string, code: ErrorCode, more: Partial<Case> = {}): Case => ({
  title,
  path,
  code,
  ...more,
});

const NAMES: readonly Case[] = [
  badName('that is empty', ''),
  badName('of 41 characters', 'a'.repeat(41)),
  badName('of ten thousand characters', 'a'.repeat(10_000)),
  badName('with capitals', 'Acme'),
  badName('with a space', 'my shop'),
  badName('with a dot', 'a.b'),
  badName('with an underscore', 'a_b'),
  badName('with a slash', '../etc'),
  badName('that begins with a hyphen', '-acme'),
  badName('that ends with a hyphen', 'acme-'),
  badName('with an umlaut', 'müller'),
  badName('with a zero byte', 'ac\u0000me'),
  badName('with a line break at its end', 'acme\n'),
  badName('that is a number', 42),
  badName('that is a list', ['acme']),
  badName('that is null', null),
  badName('that is reserved: admin', 'admin'),
  badName('that is reserved: www', 'www'),
  badName('that begins like a store id', 'store-abc'),
  badName('that begins with kube-', 'kube-system'),
  badName('that tries SQL', "x'; drop table stores; --"),
];

const FIELDS: readonly Case[] = [
  { ...create('no name', {}, 'name'), body: { engine: TEST_ENGINE } },
  { ...create('no engine', {}, 'engine'), body: { name: 'fine' } },
  create('an engine of the wrong type', { engine: 7 }, 'engine'),
  create('an engine with bad characters', { engine: 'Medusa!' }, 'engine'),
  {
    title: 'an engine that nobody has',
    method: 'POST',
    body: { name: 'fine', engine: 'shopware' },
    code: 'engine_unavailable',
  },
  create('a plan that does not exist', { plan: 'gigantic' }, 'plan'),
  create('a plan of the wrong type', { plan: true }, 'plan'),
  create('an unknown field', { colour: 'red' }, 'colour'),
  create('a field of the answer', { phase: 'ready' }, 'phase'),
  create('somebody else for tenant', { tenantId: 'ten_aaaaaaaaaa' }, 'tenantId'),
  create('an e-mail address that is none', { adminEmail: 'nobody' }, 'adminEmail'),
  create('an admin password of 11 characters', { adminPassword: 'x'.repeat(11) }, 'adminPassword'),
  create('an admin password of 129 characters', { adminPassword: 'x'.repeat(129) }, 'adminPassword'),
  create(
    'an admin password with a control character',
    { adminPassword: 'correct\u0007horse battery' },
    'adminPassword',
  ),
  ...['', 'k'.repeat(1000)].map(
    (key): Case => ({
      title: `the idempotency key "${key.slice(0, 10)}" of ${key.length} characters`,
      method: 'POST',
      headers: { 'idempotency-key': key },
      body: { name: 'fine', engine: TEST_ENGINE },
      code: 'invalid_request',
    }),
  ),
];

const BODIES: readonly Case[] = [
  post('a body that is not JSON', '{"name": '),
  post('a body that is plain text', 'hello'),
  post('no body', ''),
  post('a body that is null', 'null'),
  post('a body that is a list', '[]'),
  post('a body that is a string', '"acme"'),
  post('a body nested ten thousand deep', '['.repeat(10_000) + ']'.repeat(10_000)),
  post('a body of 65 KiB', JSON.stringify({ name: 'fine', engine: 'x'.repeat(65 * 1024) }), {
    code: 'payload_too_large',
  }),
  // Only its beginning is sent: the platform must not wait for the rest to say no.
  post('a body of 8 MiB', 'x'.repeat(1024), {
    headers: { 'content-length': '8388608', connection: 'close' },
    code: 'payload_too_large',
  }),
  post('a form', 'name=fine', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    code: 'unsupported_media_type',
  }),
  post('XML', '<store/>', { headers: { 'content-type': 'application/xml' }, code: 'unsupported_media_type' }),
  post('a body without a type', '{}', { headers: { 'content-type': null }, code: 'unsupported_media_type' }),
  post('a polluted prototype', '{"__proto__": {"admin": true}, "name": "fine", "engine": "test-shop"}'),
];

const TOKENS: readonly Case[] = [
  get('no token', STORES, 'unauthenticated', { token: null }),
  get('a token of nobody', STORES, 'unauthenticated', { token: 'souk_0123456789abcdef0123456789abcdef' }),
  get('an empty token', STORES, 'unauthenticated', { token: '' }),
  get('a token of a megabyte', STORES, 'unauthenticated', { token: 'x'.repeat(10_000) }),
  get('a token with SQL', STORES, 'unauthenticated', { token: "' or 1=1 --" }),
  get('Basic instead of Bearer', STORES, 'unauthenticated', {
    token: null,
    headers: { authorization: 'Basic dXNlcjpwYXNz' },
  }),
  get('no token for a store', `${STORES}/${ABSENT}`, 'unauthenticated', { token: null }),
  get('no token for events', '/api/v1/events', 'unauthenticated', { token: null }),
];

const ADDRESSES: readonly Case[] = [
  get('a store that is not there', `${STORES}/${ABSENT}`, 'store_not_found'),
  get('a store id in the wrong form', `${STORES}/acme`, 'store_not_found'),
  get('a store id with SQL', `${STORES}/${encodeURIComponent("sto_' or ''='")}`, 'store_not_found'),
  get('a store id with a path in it', `${STORES}/${encodeURIComponent('../../etc/passwd')}`, 'store_not_found'),
  get('a store id with a zero byte', `${STORES}/sto_%00`, 'store_not_found'),
  get('a broken escape', `${STORES}/%E0%A4%A`, 'invalid_request'),
  get('the events of no store', `${STORES}/${ABSENT}/events`, 'store_not_found'),
  get('the pods of no store', `${STORES}/${ABSENT}/pods`, 'store_not_found'),
  get('the jobs of no store', `${STORES}/${ABSENT}/jobs`, 'store_not_found'),
  get('the logs of no store', `${STORES}/${ABSENT}/logs?pod=a`, 'store_not_found'),
  get('a deletion of no store', `${STORES}/${ABSENT}`, 'store_not_found', { method: 'DELETE' }),
  get('a retry of no store', `${STORES}/${ABSENT}/retry`, 'store_not_found', { method: 'POST' }),
  get('a repair of no store', `${STORES}/${ABSENT}/repair`, 'store_not_found', { method: 'POST' }),
  get('the credentials of no store', `${STORES}/${ABSENT}/credentials`, 'store_not_found', { method: 'POST' }),
  get('an address that does not exist', '/api/v1/shops', 'not_found'),
  get('a version that does not exist', '/api/v9/stores', 'not_found'),
  get('PUT on the stores', STORES, 'method_not_allowed', { method: 'PUT', body: {} }),
  get('DELETE on the stores', STORES, 'method_not_allowed', { method: 'DELETE' }),
  get('PATCH on a store', `${STORES}/${ABSENT}`, 'method_not_allowed', { method: 'PATCH', body: {} }),
  get('GET on credentials', `${STORES}/${ABSENT}/credentials`, 'method_not_allowed'),
  get('POST on the health', '/api/v1/health', 'method_not_allowed', { method: 'POST', body: {} }),
];

const QUERIES: readonly Case[] = [
  get('a limit of 0', `${STORES}?limit=0`, 'invalid_request', { field: 'limit' }),
  get('a limit of 201', `${STORES}?limit=201`, 'invalid_request', { field: 'limit' }),
  get('a limit in words', `${STORES}?limit=many`, 'invalid_request', { field: 'limit' }),
  get('a limit given twice', `${STORES}?limit=1&limit=2`, 'invalid_request', { field: 'limit' }),
  get('a phase that does not exist', `${STORES}?phase=asleep`, 'invalid_request', { field: 'phase' }),
  get('an unknown filter', `${STORES}?colour=red`, 'invalid_request', { field: 'colour' }),
  get('a place in the list that nobody gave out', `${STORES}?after=nonsense`, 'invalid_request', { field: 'after' }),
  get('an event cursor that nobody gave out', '/api/v1/events?after=nonsense', 'invalid_request'),
];

describe('bad input', { skip: whyNoPlatform() }, () => {
  let platform: Platform;
  before(() => {
    platform = connectToPlatform();
  });
  after(() => platform.close());

  const groups = {
    names: NAMES,
    fields: FIELDS,
    bodies: BODIES,
    tokens: TOKENS,
    addresses: ADDRESSES,
    queries: QUERIES,
  };
  for (const [group, cases] of Object.entries(groups)) {
    describe(group, () => {
      for (const wrong of cases) {
        it(`${wrong.title} is answered with ${wrong.code}`, async () => {
          await expectProblem(platform, wrong);
        });
      }
    });
  }

  it('a method that is not allowed is answered with those that are', async () => {
    const answer = await platform.send(STORES, {
      method: 'PUT',
      headers: { authorization: `Bearer ${platform.token}` },
    });
    assert.match(String(answer.headers.allow), /GET/);
  });

  it('a name that is taken is refused, with the name in the answer', async () => {
    const store = await requestStore(platform.client, 'taken');
    try {
      const problem = await expectProblem(platform, {
        title: 'taken',
        method: 'POST',
        body: { name: store.name, engine: TEST_ENGINE },
        code: 'name_taken',
      });
      assert.match(problem.detail, new RegExp(store.name));
    } finally {
      await removeStore(platform.client, store.id);
    }
  });

  it('none of it has left a store behind', async () => {
    const { items } = await platform.client.listStores({ limit: 200 });
    assert.deepEqual(
      items.filter(({ name }) => name === 'fine').map(({ id }) => id),
      [],
    );
  });
});

function withoutAbsent(headers: Readonly<Record<string, string | null>>): Record<string, string> {
  const present: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== null) present[name] = value;
  }
  return present;
}

async function expectProblem(platform: Platform, wrong: Case) {
  const hasBody = wrong.body !== undefined || wrong.rawBody !== undefined;
  const token = wrong.token === undefined ? platform.token : wrong.token;
  const headers: Record<string, string | null> = {
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...(hasBody ? { 'content-type': 'application/json' } : {}),
    ...wrong.headers,
  };
  const body = wrong.rawBody ?? (wrong.body === undefined ? undefined : JSON.stringify(wrong.body));
  const answer = await platform.send(wrong.path ?? STORES, {
    method: wrong.method ?? 'GET',
    headers: withoutAbsent(headers),
    ...(body === undefined ? {} : { body }),
  });
  assert.equal(answer.status, ERRORS[wrong.code].status, answer.text.slice(0, 500));
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
  const problem = problemSchema.parse(answer.json());
  assert.equal(problem.code, wrong.code, problem.detail);
  assert.doesNotMatch(answer.text, /\bat .+:\d+:\d+|node_modules|Error:/, 'a stack trace shows');
  if (wrong.field !== undefined) {
    const fields = (problem.errors ?? []).map(({ field }) => field);
    assert.ok(
      fields.includes(wrong.field),
      `the answer names ${fields.join(', ') || 'no field'} and not ${wrong.field}`,
    );
  }
  return problem;
}
