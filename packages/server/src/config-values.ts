// How values of the environment are read: one schema for each kind of text that a variable may hold.
import { isIP } from 'node:net';
import { z } from 'zod';

export const text = z.string().min(1);
export const optionalText = z.string().transform((value) => (value === '' ? null : value));
export const positive = z.coerce.number().int().min(1);
export const port = z.coerce.number().int().min(0).max(65535);
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
export const list = (separator: string) =>
  z.string().transform((value) =>
    value
      .split(separator)
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  );
export const jsonMap = z.string().transform((value, context): Record<string, string> => {
  const parsed = z.record(z.string(), z.string()).safeParse(parseJson(value));
  if (parsed.success) {
    return parsed.data;
  }
  context.addIssue({ code: 'custom', message: 'must hold a JSON object of texts' });
  return z.NEVER;
});
export const labels = z.string().transform((value, context): Record<string, string> => {
  const pairs = value.split(',').map((pair) => pair.trim().split('='));
  if (pairs.every((pair) => pair.length === 2 && pair[0] !== '')) {
    return Object.fromEntries(pairs);
  }
  context.addIssue({ code: 'custom', message: 'must be key=value pairs, separated by ","' });
  return z.NEVER;
});
/** An identity of Kubernetes' RBAC; null for none. */
export const subject = z.string().transform((value, context) => {
  const [, user, namespace, name] = /^(?:User:(.+)|ServiceAccount:([^/]+)\/([^/]+))$/.exec(value) ?? [];
  if (user !== undefined) {
    return { kind: 'User' as const, name: user };
  }
  if (namespace !== undefined && name !== undefined) {
    return { kind: 'ServiceAccount' as const, namespace, name };
  }
  if (value !== '') {
    context.addIssue({ code: 'custom', message: 'must be User:<name> or ServiceAccount:<namespace>/<name>' });
  }
  return null;
});
/** Addresses and networks; what is left of them are networks. */
export const networks = list(',').transform((given, context): readonly string[] => {
  const found = given.map(toNetwork);
  const wrong = given.filter((_, index) => found[index] === null);
  if (wrong.length > 0) {
    context.addIssue({ code: 'custom', message: `must be addresses or networks, not ${wrong.join(', ')}` });
  }
  return found.filter((network) => network !== null);
});
export const sealingKey = z
  .string()
  .trim()
  .regex(/^[0-9a-f]{64}$/, 'must hold 32 bytes as 64 hexadecimal digits')
  .transform((hex) => Buffer.from(hex, 'hex'));

function toNetwork(given: string): string | null {
  const [address = '', prefix, ...rest] = given.split('/');
  const family = isIP(address);
  const longest = family === 4 ? 32 : 128;
  const bits = prefix === undefined ? longest : Number(prefix);
  const isRight = family !== 0 && rest.length === 0 && prefix !== '' && Number.isInteger(bits) && bits >= 0;
  return isRight && bits <= longest ? `${address}/${bits}` : null;
}

function parseJson(value: string): unknown {
  try {
    return value.trim() === '' ? {} : JSON.parse(value);
  } catch {
    return undefined;
  }
}
