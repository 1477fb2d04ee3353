// Passwords are kept as argon2id (Node's own), in the PHC form that names its parameters, so that these can grow later. At most two
// hashes are computed at once: each takes 19 MiB, and a crowd at the sign-in page must not take the API's memory.
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const compute = promisify(argon2);

interface Cost {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}
// OWASP's first recommendation for argon2id.
const COST: Cost = { memory: 19_456, passes: 2, parallelism: 1 };
const SALT_LENGTH = 16;
const HASH_LENGTH = 32;
const MOST_AT_ONCE = 2;

let running = 0;
const waiting: (() => void)[] = [];

async function derive(password: string, nonce: Buffer, cost: Cost): Promise<Buffer> {
  if (running >= MOST_AT_ONCE) {
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else {
    running += 1;
  }
  try {
    // The same letters typed on another keyboard may arrive in another Unicode form.
    return await compute('argon2id', { message: password.normalize('NFC'), nonce, tagLength: HASH_LENGTH, ...cost });
  } finally {
    const next = waiting.shift();
    // The place is handed on, so that nobody slips in between.
    if (next === undefined) {
      running -= 1;
    } else {
      next();
    }
  }
}

export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(SALT_LENGTH);
  const hash = await derive(password, nonce, COST);
  return `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${unpadded(nonce)}$${unpadded(hash)}`;
}

// Compared with where there is no such person, so that the time taken does not tell who has an account.
const NOBODY = `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${'A'.repeat(22)}$${'A'.repeat(43)}`;
const FORM = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{43})$/;

/** Takes as long, and says no, for a null hash. */
export async function isPassword(password: string, hash: string | null): Promise<boolean> {
  const [, memory, passes, parallelism, nonce, expected] = FORM.exec(hash ?? NOBODY) ?? [];
  if (nonce === undefined || expected === undefined) {
    throw new Error('a password hash is not in a form that this release knows');
  }
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  const actual = await derive(password, Buffer.from(nonce, 'base64'), cost);
  return timingSafeEqual(actual, Buffer.from(expected, 'base64')) && hash !== null;
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
