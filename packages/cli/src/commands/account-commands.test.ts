import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { json } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { COMMANDS } from '../command-list.ts';
import { runCommands } from '../test-terminal.ts';

const AT = '2026-01-01T00:00:00.000Z';
const TOKEN = {
  ...{ id: 'tok_3k9x0q7m2a', name: 'ci', scopes: ['stores:write'], personId: null, createdAt: AT },
  ...{ lastUsedAt: null, expiresAt: null, revokedAt: null },
};
const MEMBER = {
  ...{ id: 'per_3k9x0q7m2a', email: 'ann@example.com', name: 'Ann', role: 'member', isDisabled: false },
  ...{ joinedAt: AT, lastSignInAt: null },
};
const INVITATION = {
  ...{ id: 'inv_3k9x0q7m2a', email: 'bob@example.com', role: 'admin', invitedBy: 'per_3k9x0q7m2a' },
  ...{ createdAt: AT, expiresAt: AT },
};
const ENTRY = {
  ...{
    id: 'aud_1',
    at: AT,
    tenantId: null,
    actor: 'per_3k9x0q7m2a',
    actorName: 'ann@example.com',
    action: 'store.delete',
  },
  ...{
    target: 'sto_3k9x0q7m2a',
    address: '10.0.0.1',
    outcome: 'ok',
    code: '202',
    requestId: 'r',
    details: {},
    hash: 'abc',
  },
};

describe('the commands about people', () => {
  let server: Server;
  const env: NodeJS.ProcessEnv = { SOUK_TOKEN: 'test-token', SOUK_TENANT: 'ten_5m2k9x0q7a' };
  const requests: { what: string; body: unknown; tenant: unknown }[] = [];
  let isIntact = true;
  const answers: Readonly<Record<string, () => unknown>> = {
    'POST /api/v1/admin/sign-in-links': () => ({ url: 'http://x/sign-in#link=L', email: 'admin@x', expiresAt: AT }),
    'POST /api/v1/tokens': () => ({ token: TOKEN, secret: 'souk_secret' }),
    'GET /api/v1/tokens': () => ({ items: [TOKEN] }),
    [`DELETE /api/v1/tokens/${TOKEN.id}`]: () => ({ ...TOKEN, revokedAt: AT }),
    'GET /api/v1/members': () => ({ items: [MEMBER] }),
    'GET /api/v1/invitations': () => ({ items: [INVITATION] }),
    'POST /api/v1/invitations': () => ({ invitation: INVITATION, url: 'http://x/invitation#token=T', isMailed: false }),
    [`PATCH /api/v1/members/${MEMBER.id}`]: () => ({ ...MEMBER, role: 'admin' }),
    [`DELETE /api/v1/members/${MEMBER.id}`]: () => undefined,
    'GET /api/v1/audit': () => ({ items: [ENTRY], next: null }),
    'GET /api/v1/admin/audit': () => ({ items: [ENTRY], next: null }),
    'GET /api/v1/audit/export': () => [ENTRY],
    'GET /api/v1/admin/audit/verify': () =>
      isIntact
        ? { isIntact, entries: 1, head: 'abc', firstBroken: null, reason: null }
        : { isIntact, entries: 4, head: 'abc', firstBroken: 'aud_5', reason: 'it was changed' },
  };
  before(async () => {
    server = createServer(async (request, response) => {
      const what = `${request.method} ${request.url?.split('?')[0]}`;
      const body = request.headers['content-type'] === undefined ? undefined : await json(request);
      requests.push({ what, body, tenant: request.headers['souk-tenant'] });
      const answer = answers[what]?.();
      response.writeHead(answer === undefined ? 204 : 200, { 'content-type': 'application/json' });
      response.end(answer === undefined ? undefined : JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    env.SOUK_URL = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  });
  after(() => server.close());
  const souk = async (line: string) => await runCommands(COMMANDS, line, { env });

  it('login prints the one-time link alone on the last line', async () => {
    const { exitCode, out } = await souk('login --email me@example.com');
    assert.deepEqual([exitCode, out.trim()], [0, 'http://x/sign-in#link=L']);
    assert.deepEqual(requests.at(-1)?.body, { email: 'me@example.com' });
  });

  it('token create prints the secret alone, and every request names the tenant', async () => {
    const { exitCode, out } = await souk('token create ci --scopes stores:write,admin --days 90');
    assert.deepEqual([exitCode, out.trim()], [0, 'souk_secret']);
    assert.deepEqual(requests.at(-1)?.body, { name: 'ci', scopes: ['stores:write', 'admin'], expiresInDays: 90 });
    assert.equal(requests.at(-1)?.tenant, 'ten_5m2k9x0q7a');
  });

  it('token list and revoke show what there is and what was ended', async () => {
    assert.match((await souk('token list')).out, /tok_3k9x0q7m2a +ci +stores:write +live +never/);
    assert.match((await souk(`token revoke ${TOKEN.id}`)).out, /is revoked/);
  });

  it('token alone still prints the API token', async () => {
    assert.equal((await souk('token')).out.trim(), 'test-token');
  });

  it('members are listed with the invited, invited, given roles and removed by their address', async () => {
    const { out } = await souk('member list');
    assert.match(out, /ann@example.com +member +member/);
    assert.match(out, /bob@example.com +admin +invited/);
    assert.equal((await souk('member invite bob@example.com admin')).out.trim(), 'http://x/invitation#token=T');
    assert.match((await souk('member role Ann@example.com admin')).out, /is admin now/);
    assert.match((await souk('member remove ann@example.com')).out, /is out/);
    assert.equal((await souk('member remove nobody@example.com')).exitCode, 3);
  });

  it('the audit log is listed, exported and verified, and a broken one ends with 1', async () => {
    assert.match(
      (await souk('audit list --action store')).out,
      /ann@example.com +store\.delete +sto_3k9x0q7m2a +ok +10\.0\.0\.1/,
    );
    assert.match((await souk('audit export --format json')).out, /"store.delete"/);
    assert.equal((await souk('audit verify')).exitCode, 0);
    assert.equal((await souk('audit verify --head abc')).exitCode, 0);
    assert.equal((await souk('audit verify --head other')).exitCode, 1);
    isIntact = false;
    const { exitCode, out } = await souk('audit verify');
    assert.equal(exitCode, 1);
    assert.match(out, /broken at aud_5: it was changed/);
  });

  it('what is no role, scope, outcome or format is a mistake of the command line', async () => {
    for (const line of [
      'token create x --scopes all',
      'token create x --days soon',
      'member invite a@example.com boss',
      'audit list --outcome good',
      'audit export --format xml',
    ]) {
      assert.equal((await souk(line)).exitCode, 2, line);
    }
  });
});
