// A new password for a Medusa shop's admin: its hash goes into the shop's database, by SQL that psql reads from its standard input.
// The database's own socket asks for no password, and nobody but this pod's programs can reach it.
import { ADMIN_SECRET, INTERNAL_SECRET, type PasswordInput, type PasswordReset } from '../engine.ts';
import { randomPassword } from '../random.ts';
import { hashPassword } from './password-hash.ts';

export async function resetPassword({ username, randomBytes }: PasswordInput): Promise<PasswordReset> {
  const password = randomPassword(randomBytes);
  const hash = await hashPassword(password, randomBytes);
  return {
    program: {
      container: 'database',
      command: ['psql', '--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', '--username=medusa', '--dbname=medusa'],
      input: updateStatement(username, hash),
    },
    // The hash too: a database that is ever made anew starts with what the owner was last shown.
    secrets: { [ADMIN_SECRET]: { password }, [INTERNAL_SECRET]: { adminPasswordHash: hash } },
  };
}

// Fails where there is no such login (the admin's address was changed in the shop): a password that nobody can use must not be shown.
function updateStatement(username: string, hash: string): string {
  return `do $souk$
begin
  update provider_identity
     set provider_metadata = coalesce(provider_metadata, '{}') || jsonb_build_object('password', ${literal(hash)}), updated_at = now()
   where provider = 'emailpass' and entity_id = ${literal(username)} and deleted_at is null;
  if not found then
    raise exception 'no such login';
  end if;
end
$souk$;
`;
}

/** A dollar quote cannot hold its own end, and a username is its owner's choice. */
function literal(text: string): string {
  return `convert_from(decode('${Buffer.from(text, 'utf8').toString('hex')}', 'hex'), 'UTF8')`;
}
