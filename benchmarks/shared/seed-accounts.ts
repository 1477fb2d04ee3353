// People, tenants, tokens and invitations as a platform in use has them, made by the API as people make them, and the links by which
// two of them sign in: the first platform admin, and the owner of a tenant in which nothing has happened yet.
import { createClient, type SoukClient } from '@souk/contract';
import type { SeededPlatform } from './seeded-platform.ts';

export interface SeededPeople {
  /** One-time, of the platform's first admin. */
  readonly makeAdminLink: () => Promise<string>;
  /** Of an owner who has yet to choose a password. */
  readonly invitationUrl: string;
}

const TENANTS: readonly (readonly [name: string, maxStores: number, email: string])[] = [
  ['Northwind Traders', 25, 'ines@northwind.example'],
  ['Fjord Outdoor', 5, 'jonas@fjord.example'],
  ['Lumen Ceramics', 10, 'aiko@lumen.example'],
];

export async function seedAccounts({ url, token }: SeededPlatform): Promise<SeededPeople> {
  const client = createClient({ url, token });
  await client.renameTenant('Acme Goods');
  for (const [name, maxStores, ownerEmail] of TENANTS) {
    const { invitationUrl } = await client.createTenant({ name, maxStores, ownerEmail });
    await accept(client, invitationUrl, ownerEmail);
  }
  for (const [email, role] of [
    ['priya@acme.example', 'admin'],
    ['tom@acme.example', 'member'],
    ['lea@acme.example', 'viewer'],
  ] as const) {
    await accept(client, (await client.createInvitation(email, role)).url, email);
  }
  await client.createInvitation('sam@acme.example', 'member');
  await client.createToken({ name: 'Nightly pipeline', scopes: ['stores:read', 'stores:write'], expiresInDays: 90 });
  await client.createToken({ name: 'Status board', scopes: ['stores:read'] });
  const { token: old } = await client.createToken({ name: 'Old laptop', scopes: ['stores:read'], expiresInDays: 30 });
  await client.revokeToken(old.id);
  const { invitationUrl } = await client.createTenant({ name: 'Quiet Corner', ownerEmail: 'noor@quiet.example' });
  if (invitationUrl === null) throw new Error('a tenant with an owner came without an invitation');
  return { makeAdminLink: async () => (await client.makeSignInLink()).url, invitationUrl };
}

async function accept(client: SoukClient, url: string | null, email: string): Promise<void> {
  const token = new URLSearchParams(new URL(url ?? '').hash.slice(1)).get('token') ?? '';
  const [first = ''] = email.split('@');
  const name = `${first.charAt(0).toUpperCase()}${first.slice(1)}`;
  await client.acceptInvitation({ token, name, password: `${name} of the seeded platform` });
}
