// Starts Medusa as the store's backend. It never migrates: a new store's database is a migrated copy, and an upgrade runs
// migrate.js first. Medusa's command line is left out on purpose; it would load a second of tools that a server never uses.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { usePack } from './boot/packed-modules.js';

const PACK = `${import.meta.dirname}/boot/modules.pack`;
// Well after the store's first visitors were served, so that the pause delays nobody who waits for a new store.
const TIDY_UP_AFTER_MS = 15_000;

const require = createRequire(import.meta.url);

/**
 * A new store's database and cache are still being made when this program begins. Medusa would wait for them and only then load
 * its workflows and routes; this loads them meanwhile. The logger is registered once configuration and feature flags are known,
 * which is what those modules look at while they load.
 */
async function loadAhead() {
  const { container } = require('@medusajs/framework');
  while (!container.hasRegistration('logger')) await setImmediate();
  for (const name of ['@medusajs/core-flows', '@medusajs/medusa/api/middlewares']) {
    await setImmediate();
    require(name);
  }
}

const leavePack = existsSync(PACK) ? usePack(PACK) : () => {};
const start = require('@medusajs/medusa/commands/start').default;
void loadAhead();
await start({ directory: import.meta.dirname, port: Number(process.env.PORT ?? 9000) });
leavePack();

// A start leaves tens of megabytes of garbage that an idle shop would carry for hours: V8 collects only when it needs room.
setTimeout(() => {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}, TIDY_UP_AFTER_MS).unref();
