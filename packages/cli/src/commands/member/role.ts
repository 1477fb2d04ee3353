// `souk member role`.
import { defineCommand, JSON_OPTION } from '../../command.ts';
import { connect } from '../../connection.ts';
import { EXIT } from '../../exit-code.ts';
import { EMAIL_ARGUMENT, findMember, ROLE_ARGUMENT, readRole } from './member-argument.ts';

export const changeRole = defineCommand({
  words: ['member', 'role'],
  summary: "change a member's role",
  arguments: [EMAIL_ARGUMENT, ROLE_ARGUMENT],
  options: JSON_OPTION,
  examples: ['souk member role ann@example.com admin'],
  run: async ({ values, arguments: [email = '', role = ''], terminal, env, signal }) => {
    const wanted = readRole(role, 'member role');
    const client = await connect(env);
    const { id } = await findMember(client, email, signal);
    const member = await client.changeMember(id, wanted, { signal });
    if (values.json) terminal.printJson(member);
    else terminal.print(`${member.email} is ${member.role} now`);
    return EXIT.ok;
  },
});
