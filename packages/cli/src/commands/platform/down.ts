// `souk down`: stops the local platform and leaves nothing of it behind but its data; with --purge not even that.
import { defineCommand, JSON_OPTION } from '../../command.ts';
import { EXIT } from '../../exit-code.ts';

export const down = defineCommand({
  words: ['down'],
  summary: 'stop the platform on this machine',
  arguments: [],
  options: { purge: { type: 'boolean', help: 'remove the data of all stores as well' }, ...JSON_OPTION },
  details: 'The stores and their orders are kept and come back with the next "souk up", unless --purge is given.',
  examples: ['souk down', 'souk down --purge'],
  run: async ({ values, terminal, env }) => {
    const local = await import('@souk/local');
    const paths = local.platformPaths(env);
    const isPurged = values.purge === true;
    await local.down({ paths, purge: isPurged });
    if (values.json) terminal.printJson({ home: paths.home, isPurged });
    else
      terminal.print(
        isPurged ? `Souk is down, and ${paths.home} is gone` : `Souk is down; its data stays in ${paths.home}`,
      );
    return EXIT.ok;
  },
});
