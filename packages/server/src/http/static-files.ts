// A folder of built files with their compressed twins (`x.js`, `x.js.br`, `x.js.gz`), listed once at the start: a request can name only
// what is in the list, so there is no path to escape by. Files with a hash in their name are kept by browsers for ever.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';

export interface StaticFiles {
  /** Addresses without the leading slash. */
  readonly names: readonly string[];
  send(request: FastifyRequest, reply: FastifyReply, name: string): FastifyReply;
}

interface StaticFile {
  readonly path: string;
  readonly type: string;
  readonly etag: string;
  readonly isHashed: boolean;
  /** Bytes by encoding; `identity` is always there. */
  readonly sizes: ReadonlyMap<Encoding, number>;
}

const ENCODINGS = ['br', 'gzip', 'identity'] as const;
type Encoding = (typeof ENCODINGS)[number];
const SUFFIX: Readonly<Record<Encoding, string>> = { br: '.br', gzip: '.gz', identity: '' };
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.json': 'application/json; charset=utf-8',
};
const HASHED = /^assets\/.+-[\w-]{8}\.\w+$/;

export async function listStaticFiles(folder: string): Promise<StaticFiles> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const all = new Set(
    entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name))),
  );
  const files = new Map<string, StaticFile>();
  for (const name of all) {
    const type = TYPES[extname(name)];
    if (type !== undefined) {
      files.set(name.split(sep).join('/'), await describe(folder, name, type, all));
    }
  }
  return {
    names: [...files.keys()],
    send(request, reply, name) {
      const file = files.get(name);
      if (file === undefined) {
        throw new Error(`${name} is not among the static files`);
      }
      return send(request, reply, file);
    },
  };
}

async function describe(folder: string, name: string, type: string, all: ReadonlySet<string>): Promise<StaticFile> {
  const path = join(folder, name);
  const present = ENCODINGS.filter((encoding) => all.has(`${name}${SUFFIX[encoding]}`));
  const sizes = await Promise.all(
    present.map(async (encoding) => [encoding, (await stat(`${path}${SUFFIX[encoding]}`)).size] as const),
  );
  const etag = `"${createHash('sha256')
    .update(await readFile(path))
    .digest('base64url')
    .slice(0, 22)}"`;
  return { path, type, etag, isHashed: HASHED.test(name.split(sep).join('/')), sizes: new Map(sizes) };
}

function send(request: FastifyRequest, reply: FastifyReply, file: StaticFile): FastifyReply {
  const accepted = String(request.headers['accept-encoding'] ?? '');
  const encoding = ENCODINGS.find((name) => file.sizes.has(name) && (name === 'identity' || accepts(accepted, name)));
  const chosen = encoding ?? 'identity';
  reply
    .type(file.type)
    .header('etag', file.etag)
    .header('vary', 'Accept-Encoding')
    .header('cache-control', file.isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (request.headers['if-none-match'] === file.etag) {
    return reply.code(304).send();
  }
  if (chosen !== 'identity') {
    reply.header('content-encoding', chosen);
  }
  reply.header('content-length', file.sizes.get(chosen));
  return reply.send(createReadStream(`${file.path}${SUFFIX[chosen]}`));
}

function accepts(header: string, encoding: string): boolean {
  return header.split(',').some((part) => {
    const [name, ...parameters] = part.trim().split(';');
    return name === encoding && !parameters.some((parameter) => /^\s*q=0(\.0*)?$/.test(parameter));
  });
}
