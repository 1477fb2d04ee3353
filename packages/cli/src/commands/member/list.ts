// `souk member list`.
import { defineCommand, JSON_OPTION } from '../../command.ts';
import { connect } from '../../connection.ts';
import { EXIT } from '../../exit-code.ts';
import { formatTable } from '../../output/table.ts';
import { formatAge } from '../../output/words.ts';

export const listMembers = defineCommand({
  words: ['member', 'list'],
  summary: 'list who is in the tenant, and who is invited',
  arguments: [],
  options: JSON_OPTION,
  examples: ['souk member list'],
  run: async ({ values, terminal, env, signal }) => {
    const client = await connect(env);
    const [items, invitations] = await Promise.all([
      client.listMembers({ signal }),
      client.listInvitations({ signal }),
    ]);
    if (values.json) {
      terminal.printJson({ items, invitations });
      return EXIT.ok;
    }
    const members = items.map(({ email, role, isDisabled, joinedAt }) => [
      email,
      role,
      isDisabled ? 'disabled' : 'member',
      formatAge(joinedAt),
    ]);
    const invited = invitations.map(({ email, role, createdAt }) => [email, role, 'invited', formatAge(createdAt)]);
    for (const line of formatTable(HEADER, [...members, ...invited])) terminal.print(line);
    return EXIT.ok;
  },
});

const HEADER = ['E-MAIL', 'ROLE', 'STATE', 'SINCE'] as const;
