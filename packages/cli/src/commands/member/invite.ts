// `souk member invite`: prints the link, which is also mailed where the platform has mail.
import { defineCommand, JSON_OPTION } from '../../command.ts';
import { connect } from '../../connection.ts';
import { EXIT } from '../../exit-code.ts';
import { EMAIL_ARGUMENT, ROLE_ARGUMENT, readRole } from './member-argument.ts';

export const inviteMember = defineCommand({
  words: ['member', 'invite'],
  summary: 'invite somebody to the tenant',
  arguments: [EMAIL_ARGUMENT, { ...ROLE_ARGUMENT, isRequired: false }],
  options: JSON_OPTION,
  details: 'Without a role: member. The link works once, for seven days.',
  examples: ['souk member invite ann@example.com', 'souk member invite bob@example.com admin'],
  run: async ({ values, arguments: [email = '', role = ''], terminal, env, signal }) => {
    const client = await connect(env);
    const wanted = role === '' ? 'member' : readRole(role, 'member invite');
    const created = await client.createInvitation(email, wanted, { signal });
    if (values.json) terminal.printJson(created);
    else {
      const sent = created.isMailed ? 'is mailed this link' : 'joins by this link; send it to them';
      terminal.note(`${created.invitation.email}, as ${created.invitation.role}, ${sent}:`);
      terminal.print(created.url);
    }
    return EXIT.ok;
  },
});
