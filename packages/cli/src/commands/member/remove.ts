// `souk member remove`.
import { defineCommand } from '../../command.ts';
import { connect } from '../../connection.ts';
import { EXIT } from '../../exit-code.ts';
import { EMAIL_ARGUMENT, findMember } from './member-argument.ts';

export const removeMember = defineCommand({
  words: ['member', 'remove'],
  summary: 'remove a member; their tokens end with it',
  arguments: [EMAIL_ARGUMENT],
  options: {},
  examples: ['souk member remove ann@example.com'],
  run: async ({ arguments: [email = ''], terminal, env, signal }) => {
    const client = await connect(env);
    const member = await findMember(client, email, signal);
    await client.removeMember(member.id, { signal });
    terminal.print(`${member.email} is out`);
    return EXIT.ok;
  },
});
