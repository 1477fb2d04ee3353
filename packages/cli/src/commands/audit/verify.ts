// `souk audit verify`: exits 1 when the log is not as it was written.
import { defineCommand, JSON_OPTION } from '../../command.ts';
import { connect } from '../../connection.ts';
import { EXIT } from '../../exit-code.ts';

export const verifyAudit = defineCommand({
  words: ['audit', 'verify'],
  summary: 'check that the audit log is as it was written',
  arguments: [],
  options: {
    head: { type: 'string', value: 'HASH', help: 'a hash that an earlier run printed: it must still be there' },
    ...JSON_OPTION,
  },
  details: 'Keep the hash that is printed somewhere else: an end that was cut off shows only against it.',
  examples: ['souk audit verify', 'souk audit verify --head 5f0c…'],
  run: async ({ values, terminal, env, signal }) => {
    const client = await connect(env);
    const verdict = await client.verifyAudit({ signal });
    const hasHead = values.head === undefined || (await holdsHash(client, values.head, signal));
    const isWhole = verdict.isIntact && hasHead;
    if (values.json) terminal.printJson({ ...verdict, hasHead });
    else if (!verdict.isIntact)
      terminal.print(terminal.paint('red', `broken at ${verdict.firstBroken}: ${verdict.reason}`));
    else if (!hasHead) terminal.print(terminal.paint('red', `its end was cut off: ${values.head} is not in it`));
    else terminal.print(`${verdict.entries} entries, all as they were written; the last is ${verdict.head ?? 'none'}`);
    return isWhole ? EXIT.ok : EXIT.failure;
  },
});

async function holdsHash(
  client: Awaited<ReturnType<typeof connect>>,
  head: string,
  signal: AbortSignal,
): Promise<boolean> {
  let after: string | undefined;
  do {
    const query = { limit: 500, ofPlatform: true, ...(after === undefined ? {} : { after }) };
    const page = await client.listAudit(query, { signal });
    if (page.items.some(({ hash }) => hash === head)) return true;
    after = page.next ?? undefined;
  } while (after !== undefined);
  return false;
}
