// JSON schemas of Kubernetes' own objects, for kubeconform. They are made from the OpenAPI document that lies in the Go module of
// Kubernetes which the platform is built from, so they fit its version and nothing is downloaded for them. Unknown fields are
// refused, as by `kubectl apply --validate=strict`.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './find-program.ts';

const GO_MODULE_FOLDER = fileURLToPath(new URL('../../packages/local/go', import.meta.url));
const KUBERNETES_MODULE = 'k8s.io/kubernetes';
const OPENAPI_DOCUMENT = 'api/openapi-spec/swagger.json';

type Schema = Record<string, unknown>;
interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** What kubeconform's `-schema-location` wants. Made once per version of Kubernetes; throws when the module cannot be had. */
export function ensureKubernetesSchemas(): string {
  const module = findKubernetesModule();
  const folder = path.join(cacheFolder(), 'schemas', `kubernetes-${module.version}`);
  if (!existsSync(folder)) {
    const half = `${folder}.${process.pid}.half`;
    mkdirSync(half, { recursive: true });
    writeSchemas(path.join(module.folder, OPENAPI_DOCUMENT), half);
    // Another test run may have been first; both wrote the same.
    if (existsSync(folder)) rmSync(half, { recursive: true });
    else renameSync(half, folder);
  }
  return path.join(folder, '{{.ResourceKind}}{{.KindSuffix}}.json');
}

function findKubernetesModule(): { version: string; folder: string } {
  const answer = execFileSync('go', ['mod', 'download', '-json', KUBERNETES_MODULE], {
    cwd: GO_MODULE_FOLDER,
    encoding: 'utf8',
    env: { ...process.env, GOFLAGS: '-mod=mod' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { Version, Dir } = JSON.parse(answer) as { Version: string; Dir: string };
  return { version: Version, folder: Dir };
}

function writeSchemas(document: string, folder: string): void {
  const { definitions } = JSON.parse(readFileSync(document, 'utf8')) as { definitions: Record<string, Schema> };
  const strict = Object.fromEntries(
    Object.entries(definitions).map(([name, schema]) => [name, makeStrict(name, schema)]),
  );
  for (const [name, schema] of Object.entries(strict)) {
    for (const kind of (schema['x-kubernetes-group-version-kind'] as GroupVersionKind[] | undefined) ?? []) {
      const needed = Object.fromEntries([...reach(strict, name)].map((other) => [other, strict[other]]));
      writeFileSync(path.join(folder, fileName(kind)), JSON.stringify({ ...schema, definitions: needed }));
    }
  }
}

/** As kubeconform composes it: `deployment-apps-v1.json`, `service-v1.json`; of a group only the first word counts. */
function fileName({ group, version, kind }: GroupVersionKind): string {
  const groupWord = group.split('.')[0];
  return `${[kind.toLowerCase(), ...(groupWord ? [groupWord] : []), version].join('-')}.json`;
}

function makeStrict(name: string, schema: Schema): Schema {
  // The document calls both a string, but YAML may bring a number.
  if (name.endsWith('.IntOrString')) return { type: ['string', 'integer'] };
  if (name.endsWith('.Quantity')) return { type: ['string', 'number'] };
  const isObject = schema.properties !== undefined && schema.additionalProperties === undefined;
  return isObject ? { ...schema, additionalProperties: false } : schema;
}

function reach(definitions: Record<string, Schema>, start: string): Set<string> {
  const seen = new Set<string>();
  const open = [start];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const [, other = ''] of JSON.stringify(definitions[name]).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)) {
      if (!seen.has(other)) {
        seen.add(other);
        open.push(other);
      }
    }
  }
  return seen;
}
