// Adds an admin, as `medusa user` does: `node add-admin.js EMAIL PASSWORD`. Only for a shop that lives as long as an image build;
// a store's own admin is written into its database at its first start.
import { createRequire } from 'node:module';

const addUser = createRequire(import.meta.url)('@medusajs/medusa/commands/user').default;
const [email, password] = process.argv.slice(2);
await addUser({ directory: process.cwd(), email, password });
