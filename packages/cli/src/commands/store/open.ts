// `souk store open`: the shop in a browser where there is one, and its address in any case. A program gets both addresses and no browser.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { defineCommand, JSON_OPTION } from '../../command.ts';
import { connect } from '../../connection.ts';
import { EXIT } from '../../exit-code.ts';
import { findStore } from '../../find-store.ts';
import { STORE_ARGUMENT } from './store-argument.ts';

export const openStore = defineCommand({
  words: ['store', 'open'],
  summary: 'open a store in the browser',
  arguments: [STORE_ARGUMENT],
  options: { admin: { type: 'boolean', help: 'its admin instead of the storefront' }, ...JSON_OPTION },
  details: 'With --json both addresses are printed and no browser is opened.',
  examples: ['souk store open acme', 'souk store open acme --admin', 'souk store open acme --json'],
  run: async ({ values, arguments: [nameOrId = ''], terminal, env, signal }) => {
    const store = await findStore(await connect(env), nameOrId, signal);
    if (values.json) {
      const { storefrontUrl, adminUrl } = store;
      terminal.printJson({ storefrontUrl, adminUrl });
      return EXIT.ok;
    }
    const url = values.admin ? store.adminUrl : store.storefrontUrl;
    terminal.print(url);
    if (store.phase !== 'ready') terminal.note(`${store.name} is ${store.phase}: the page may not answer yet.`);
    if (!(await openInBrowser(url, env))) terminal.note('No browser could be opened here; the address is above.');
    return EXIT.ok;
  },
});

async function openInBrowser(url: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const isMac = process.platform === 'darwin';
  if (!isMac && env.DISPLAY === undefined && env.WAYLAND_DISPLAY === undefined) return false;
  const child = spawn(isMac ? 'open' : 'xdg-open', [url], { stdio: 'ignore', detached: true });
  child.unref();
  const [result] = (await Promise.race([once(child, 'spawn').then(() => [null]), once(child, 'error')])) as [unknown];
  return result === null;
}
