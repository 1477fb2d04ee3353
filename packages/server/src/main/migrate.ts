// Brings the database to this release's schema, then ends. Harmless to run again, and from several places at once.
import { MIGRATE_VARIABLES } from '../config.ts';
import { migrate } from '../db/migrate.ts';
import { createLog } from '../log.ts';
import { readConfigOrExit } from '../read-config.ts';

process.title = 'souk main/migrate';
const config = readConfigOrExit(MIGRATE_VARIABLES);
const log = createLog({ level: config.logLevel, part: 'migrate' });
try {
  const applied = await migrate({ url: config.databaseUrl, log, serverRole: config.serverRole });
  log.info({ applied }, 'the database has the schema of this release');
} catch (error) {
  log.fatal({ err: error }, 'the database could not be migrated');
  process.exitCode = 1;
}
