// Fills a freshly migrated database with everything that an order needs and a catalogue worth looking at. Runs once, while
// the golden database is made: `node seed.js` beside the backend's code. Only Medusa's own workflows write, so that every
// link and index is as Medusa itself would have made it.
import { createRequire } from 'node:module';

const exec = createRequire(import.meta.url)('@medusajs/medusa/commands/exec').default;
await exec({ file: `${import.meta.dirname}/fill-shop.js`, args: [] });
