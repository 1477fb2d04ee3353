// Gives the admin the password that comes as JSON on standard input.
import { writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { json } from 'node:stream/consumers';

const path = `${process.env.DATA_DIR ?? '/data'}/admin-password`;
const { password } = (await json(process.stdin)) as { password: string };
writeFileSync(`${path}.tmp`, password, { flush: true });
await rename(`${path}.tmp`, path);
