// Members are named by their e-mail address.
import { type Member, ROLES, type Role, roleSchema, type SoukClient } from '@souk/contract';
import { CommandError, EXIT, UsageError } from '../../exit-code.ts';

export const EMAIL_ARGUMENT = { name: 'E-MAIL', isRequired: true, help: 'whom it is about' } as const;
export const ROLE_ARGUMENT = { name: 'ROLE', isRequired: true, help: ROLES.join(', ') } as const;

export async function findMember(client: SoukClient, email: string, signal: AbortSignal): Promise<Member> {
  const wanted = email.toLowerCase();
  const member = (await client.listMembers({ signal })).find((candidate) => candidate.email === wanted);
  if (member !== undefined) return member;
  throw new CommandError(EXIT.notFound, `${email} is no member`, '"souk member list" shows every member');
}

export function readRole(text: string, command: string): Role {
  const role = roleSchema.safeParse(text).data;
  if (role === undefined) throw new UsageError(`there is no role "${text}"; there is: ${ROLES.join(', ')}`, command);
  return role;
}
