// Ends the process when it cannot run, with one line that names everything that is wrong.
import { readSettings } from './settings.ts';

export function endWithoutSettings(): void {
  try {
    readSettings();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
