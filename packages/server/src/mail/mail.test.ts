import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { SMTPServer } from 'smtp-server';
import { inTransaction } from '../db/database.ts';
import { TerminalError } from '../errors.ts';
import { armFailpoint, armFailpoints } from '../failpoint.ts';
import { createTestApp, type TestApp, type TestTenant } from '../http/test-app.ts';
import { createMemoryKube } from '../kube/memory-kube.ts';
import { createStoreMail } from '../reconcile/tell-by-mail.ts';
import { createOutbox } from './outbox.ts';
import { createMailSender } from './send-mail.ts';

const KEY = randomBytes(32);
const OWN = { origin: 'http://localhost:8080' };

describe('mail', () => {
  let world: TestApp;
  let tenant: TestTenant;
  let server: SMTPServer;
  let smtpUrl: string;
  const received: { readonly to: string; readonly text: string }[] = [];
  before(async () => {
    // First: a server that listens would keep a process alive whose database cannot be set up.
    world = await createTestApp({ hasMail: true, platformKey: KEY });
    tenant = await world.addTenant();
    server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onRcptTo: (address, _session, done) => {
        done(
          address.address.startsWith('gone')
            ? Object.assign(new Error('no such mailbox'), { responseCode: 550 })
            : null,
        );
      },
      onData: (stream, session, done) => {
        let text = '';
        stream.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        stream.on('end', () => {
          received.push({ to: session.envelope.rcptTo.map(({ address }) => address).join(), text });
          done();
        });
      },
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.server.address();
    smtpUrl = `smtp://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  });
  after(async () => {
    armFailpoints('');
    await world.close();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });

  const sender = (url = smtpUrl) =>
    createMailSender({
      db: world.db,
      platformKey: KEY,
      smtpUrl: url,
      from: 'souk@souk.example',
      domain: 'souk.example',
    });

  /** What a worker would do with the mails that wait. */
  async function sendAll(url = smtpUrl): Promise<unknown[]> {
    const { rows } = await sql<{
      id: string;
    }>`select id from mails where sealed is not null order by created_at`.execute(world.db);
    const endings: unknown[] = [];
    for (const { id } of rows) {
      const job = { id: 'job_aaaaaaaaaa', kind: 'send-mail', subject: id, attempt: 0 };
      const attempt = {
        job,
        fence: 1,
        leaseOwner: 'test',
        takenOverFrom: null,
        signal: new AbortController().signal,
        leaseMsLeft: () => 9_000,
      };
      endings.push(await sender(url)(attempt).catch((error: unknown) => error));
    }
    return endings;
  }
  // The body as it was typed: line breaks of the transfer encoding are taken out.
  const lastTo = (to: string): string =>
    (received.findLast((mail) => mail.to === to)?.text ?? '').replaceAll('=\r\n', '').replaceAll('=3D', '=');
  const addStore = async (makerId: string, name: string) => {
    const { json } = await world.call(tenant, 'POST', '/api/v1/stores', { name, engine: 'test-shop' });
    await sql`update stores set created_by = ${makerId} where id = ${json.store.id}`.execute(world.db);
    return { id: json.store.id, tenantId: tenant.id, name } as Parameters<
      ReturnType<typeof createStoreMail>['tellReady']
    >[1];
  };

  test('an invitation is mailed, its link works, and the database never holds it in the clear', async () => {
    const owner = await world.addPerson(tenant, 'owner', {});
    const { json } = await world.call(owner, 'POST', '/api/v1/invitations', {
      email: 'new@example.com',
      role: 'viewer',
    });
    assert.equal((json as unknown as { isMailed: boolean }).isMailed, true);
    const { rows } = await sql<{
      text: string;
    }>`select string_agg(encode(sealed, 'escape'), '') as text from mails`.execute(world.db);
    assert.ok(!(rows[0]?.text ?? 'new@example.com').includes('new@example.com'));
    await sendAll();
    const token = /#token=([\w-]+)/.exec(lastTo('new@example.com'))?.[1];
    const accepted = await world.call(
      null,
      'POST',
      '/api/v1/invitations/accept',
      { token, password: 'correct horse battery' },
      OWN,
    );
    assert.equal(accepted.status, 201, accepted.text);
    assert.deepEqual((await sql`select from mails where sealed is not null`.execute(world.db)).rows, []);
  });

  test('a forgotten password is reset by the mailed link, once, and ends the other sessions', async () => {
    const email = 'forgot@example.com';
    const before = await world.addPerson(tenant, 'viewer', { email, password: 'the old password' });
    const ask = (address: string) => world.call(null, 'POST', '/api/v1/password-resets', { email: address }, OWN);
    const [known, unknown] = [await ask(email), await ask('nobody@example.com')];
    assert.deepEqual([known.status, known.text], [unknown.status, unknown.text]);
    assert.equal((await sendAll()).length, 1);
    const token = /#token=([\w-]+)/.exec(lastTo(email))?.[1];
    const confirm = () =>
      world.call(null, 'POST', '/api/v1/password-resets/confirm', { token, newPassword: 'the new password' }, OWN);
    assert.equal((await confirm()).status, 201);
    assert.equal((await confirm()).json.code, 'link_expired');
    assert.equal((await world.call(before, 'GET', '/api/v1/stores')).status, 401);
    assert.equal((await world.signIn(email, 'the old password')).status, 401);
    assert.equal((await world.signIn(email, 'the new password')).status, 201);
  });

  test('who made a store is told that it is ready, with a link to its page and no password', async () => {
    const ann = await world.addPerson(tenant, 'member', { email: 'ann@example.com' });
    const kube = createMemoryKube();
    const mail = createStoreMail({
      outbox: createOutbox(KEY),
      kube,
      platformUrl: 'http://localhost:8080',
      sendsCredentials: false,
    });
    const store = await addStore(ann.id, 'mailed');
    assert.equal(await mail.readLogin(store, new AbortController().signal), null);
    await inTransaction(world.db, (tx) => mail.tellReady(tx, store, 'http://mailed.souk.localhost:8080', null));
    await inTransaction(world.db, (tx) => mail.tellFailed(tx, store, 'the image is missing'));
    await sendAll();
    const texts = received.filter(({ to }) => to === 'ann@example.com').map(({ text }) => text);
    assert.equal(texts.length, 2);
    assert.match(texts[0] ?? '', new RegExp(`http://localhost:8080/stores/${store.id}`));
    assert.match(texts[0] ?? '', /Message-ID: <mai_\w{10}@souk\.example>/i);
    assert.ok(!/password:/i.test(texts[0] ?? ''));
    assert.match(texts[1] ?? '', /the image is missing/);
  });

  test('credentials are sent only where that is switched on', async () => {
    const bob = await world.addPerson(tenant, 'member', { email: 'bob@example.com' });
    const kube = createMemoryKube();
    const mail = createStoreMail({
      outbox: createOutbox(KEY),
      kube,
      platformUrl: 'http://localhost:8080',
      sendsCredentials: true,
    });
    const store = await addStore(bob.id, 'with-login');
    await inTransaction(world.db, (tx) =>
      mail.tellReady(tx, store, 'http://x', { username: 'admin', password: 'hunter2hunter2' }),
    );
    await sendAll();
    assert.match(lastTo('bob@example.com'), /Password: hunter2hunter2/);
  });

  test('a store that a machine made is told to the owners', async () => {
    const other = await world.addTenant();
    await world.addPerson(other, 'owner', { email: 'boss@example.com' });
    await world.addPerson(other, 'member', { email: 'staff@example.com' });
    const mail = createStoreMail({
      outbox: createOutbox(KEY),
      kube: createMemoryKube(),
      platformUrl: 'http://x',
      sendsCredentials: false,
    });
    const { json } = await world.call(other, 'POST', '/api/v1/stores', { name: 'by-machine', engine: 'test-shop' });
    const store = { id: json.store.id, tenantId: other.id, name: 'by-machine' } as Parameters<typeof mail.tellReady>[1];
    await inTransaction(world.db, (tx) => mail.tellReady(tx, store, 'http://x', null));
    assert.equal((await sendAll()).length, 1);
    assert.equal(received.at(-1)?.to, 'boss@example.com');
  });

  test('a server that is away is tried again; one that refuses for good is not, and the secret goes', async () => {
    const outbox = createOutbox(KEY);
    const put = (to: string) =>
      inTransaction(world.db, (tx) => outbox.put(tx, 'store-ready', tenant.id, { to, subject: 's', text: 't' }));
    await put('later@example.com');
    const [away] = await sendAll('smtp://127.0.0.1:9');
    assert.ok(away instanceof Error && !(away instanceof TerminalError));
    assert.deepEqual(await sendAll(), [{ outcome: 'completed' }]);
    await put('gone@example.com');
    const [refused] = await sendAll();
    assert.ok(refused instanceof TerminalError, String(refused));
    const { rows } = await sql<{ failed: boolean }>`
      select failed_at is not null and sealed is null as failed from mails order by created_at desc limit 1`.execute(
      world.db,
    );
    assert.equal(rows[0]?.failed, true);
  });

  test('a worker that dies round the sending loses no mail, and one that is sent again is recognised as the same', async () => {
    const dieAt = (name: string) =>
      armFailpoint(name, async () => {
        throw new Error('the worker died');
      });
    const idsTo = (to: string) =>
      received.filter((mail) => mail.to === to).map(({ text }) => /Message-ID: (\S+)/i.exec(text)?.[1]);
    await inTransaction(world.db, (tx) =>
      createOutbox(KEY).put(tx, 'store-ready', tenant.id, { to: 'twice@example.com', subject: 's', text: 't' }),
    );
    dieAt('before-send-mail');
    assert.match(String((await sendAll())[0]), /the worker died/);
    assert.deepEqual(idsTo('twice@example.com'), []);
    armFailpoints('');
    dieAt('after-send-mail');
    assert.match(String((await sendAll())[0]), /the worker died/);
    armFailpoints('');
    assert.deepEqual(await sendAll(), [{ outcome: 'completed' }]);
    const ids = idsTo('twice@example.com');
    assert.equal(ids.length, 2);
    assert.equal(new Set(ids).size, 1, ids.join());
    assert.deepEqual(await sendAll(), [], 'nothing is left to send');
  });
});
