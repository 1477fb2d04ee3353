// `souk audit list`.
import { defineCommand, JSON_OPTION } from '../../command.ts';
import { connect } from '../../connection.ts';
import { EXIT } from '../../exit-code.ts';
import { formatTable } from '../../output/table.ts';
import { formatTime } from '../../output/words.ts';
import { AUDIT_OPTIONS, readAuditFilter } from './audit-options.ts';

export const listAudit = defineCommand({
  words: ['audit', 'list'],
  summary: 'show who did what, newest first',
  arguments: [],
  options: { ...AUDIT_OPTIONS, ...JSON_OPTION },
  details: 'Shows the last hundred; "souk audit export" writes all of them.',
  examples: ['souk audit list', 'souk audit list --action store.delete --outcome ok'],
  run: async ({ values, terminal, env, signal }) => {
    const filter = readAuditFilter(values, 'audit list');
    const client = await connect(env);
    const { items, next } = await client.listAudit({ ...filter, ofPlatform: values.platform === true }, { signal });
    if (values.json) {
      terminal.printJson({ items, next });
      return EXIT.ok;
    }
    const rows = items.map(({ at, actor, actorName, action, target, outcome, code, address }) => [
      formatTime(at),
      actorName === '' ? actor : actorName,
      action,
      target ?? '–',
      outcome === 'ok' ? terminal.paint('green', 'ok') : terminal.paint('yellow', code),
      address,
    ]);
    for (const line of formatTable(HEADER, rows)) terminal.print(line);
    return EXIT.ok;
  },
});

const HEADER = ['WHEN', 'WHO', 'ACTION', 'TARGET', 'OUTCOME', 'FROM'] as const;
