// `souk status`: what of the local platform runs.
import type { PartReport } from '@souk/local';
import { defineCommand, JSON_OPTION } from '../../command.ts';
import { EXIT } from '../../exit-code.ts';
import { formatTable } from '../../output/table.ts';
import type { Terminal } from '../../output/terminal.ts';
import { formatAge } from '../../output/words.ts';

export const status = defineCommand({
  words: ['status'],
  summary: 'show what of the platform runs',
  arguments: [],
  options: JSON_OPTION,
  details: 'Exits 0 when all of it runs, 6 when the platform is down and 1 in between.',
  examples: ['souk status', 'souk status --json'],
  run: async ({ values, terminal, env }) => {
    const local = await import('@souk/local');
    const paths = local.platformPaths(env);
    const now = await local.status({ paths });
    if (values.json) terminal.printJson(now);
    if (!now.isUp) {
      const left = Object.entries(now.leftovers).flatMap(([kind, items]) => items.map((item) => `${kind}: ${item}`));
      if (!values.json) {
        terminal.print(`Souk is down (${paths.home}). "souk up" starts it.`);
        if (left.length > 0)
          terminal.print(
            `An earlier run left ${left.length} things behind; "souk up" heals them, "souk down" removes them.`,
          );
      }
      return EXIT.unreachable;
    }
    const { report, facts } = now;
    const isWhole = report.state === 'ready' && report.parts.every((part) => part.state === 'ready');
    if (values.json) return isWhole ? EXIT.ok : EXIT.failure;
    const address = facts === null ? '' : ` at http://localhost:${facts.port}`;
    terminal.print(
      `Souk is ${terminal.paint(isWhole ? 'green' : 'yellow', report.state)}${address}, supervisor ${report.supervisorPid}`,
    );
    for (const line of formatTable(
      HEADER,
      report.parts.map((part) => row(part, terminal)),
    ))
      terminal.print(line);
    if (report.failure !== null) {
      const { message, logFile, remedy } = report.failure;
      terminal.print(terminal.paint('red', message));
      terminal.print(`log: ${logFile}`);
      terminal.print(`what to do: ${remedy}`);
    }
    return isWhole ? EXIT.ok : EXIT.failure;
  },
});

const HEADER = ['PART', 'STATE', 'PID', 'STARTED', 'RESTARTS', 'LOG'] as const;

function row(part: PartReport, terminal: Terminal): string[] {
  return [
    part.name,
    terminal.paint(part.state === 'ready' ? 'green' : 'yellow', part.state),
    part.pid === null ? '–' : String(part.pid),
    part.startedAt === null ? '–' : formatAge(part.startedAt),
    String(part.restarts),
    part.logFile,
  ];
}
