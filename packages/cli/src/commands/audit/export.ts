// `souk audit export`: the file goes to standard output as it comes.
import { defineCommand } from '../../command.ts';
import { connect } from '../../connection.ts';
import { EXIT, UsageError } from '../../exit-code.ts';
import { AUDIT_OPTIONS, readAuditFilter } from './audit-options.ts';

export const exportAudit = defineCommand({
  words: ['audit', 'export'],
  summary: 'write the audit log as CSV or JSON',
  arguments: [],
  options: {
    format: { type: 'string', short: 'f', value: 'FORMAT', help: 'csv (without it) or json' },
    ...AUDIT_OPTIONS,
  },
  examples: ['souk audit export > audit.csv', 'souk audit export --format json --platform > audit.json'],
  run: async ({ values, terminal, env, signal }) => {
    const format = values.format ?? 'csv';
    if (format !== 'csv' && format !== 'json') throw new UsageError(`there is no format "${format}"`, 'audit export');
    const client = await connect(env);
    const query = { ...readAuditFilter(values, 'audit export'), format } as const;
    const response = await client.exportAudit(query, { ofPlatform: values.platform === true, signal });
    terminal.print((await response.text()).trimEnd());
    return EXIT.ok;
  },
});
