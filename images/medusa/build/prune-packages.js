// Cuts node_modules down to what a running backend, its migrations and nothing else can reach. Starting from the packages of
// package.json it follows dependencies, stops at the ones below, and deletes every package that was not reached, and then the
// files that no program reads. The seeded database, the order and the admin's login are run on the result at image build.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = 'node_modules';

const LEFT_OUT = new Map([
  // The dashboard is built already; build/stand-ins serves it in place of its bundler (Vite, Tailwind, React, …).
  ['@medusajs/dashboard', 'built into public/admin'],
  ['@medusajs/admin-vite-plugin', 'build time only'],
  ['@medusajs/icons', 'build time only'],
  ['@medusajs/ui', 'build time only'],
  ['@medusajs/admin-sdk', 'build time only'],
  // Roles for admins: behind a feature flag that stays off.
  ['@medusajs/rbac', 'not enabled'],
  // Providers of outside services, none of which is configured.
  ['@medusajs/file-s3', 'not configured'],
  ['@medusajs/notification-sendgrid', 'not configured'],
  ['@medusajs/payment-stripe', 'not configured'],
  ['@medusajs/analytics-posthog', 'not configured'],
  ['@medusajs/auth-github', 'not configured'],
  ['@medusajs/auth-google', 'not configured'],
  ['@aws-sdk/client-dynamodb', 'sessions are kept in Redis'],
  ['connect-dynamodb', 'sessions are kept in Redis'],
  // Loaded only by an instrumentation file, which there is none of.
  ['@opentelemetry/instrumentation-pg', 'no instrumentation'],
  ['@opentelemetry/resources', 'no instrumentation'],
  ['@opentelemetry/sdk-node', 'no instrumentation'],
  ['@opentelemetry/sdk-trace-node', 'no instrumentation'],
  // Tools of a developer's machine.
  ['@mikro-orm/cli', 'development'],
  ['@jercle/yargonaut', 'development'],
  ['ts-node', 'development'],
  ['vite', 'build time only'],
]);

// Of these only their own files are wanted: their dependencies belong to the dashboard, or to what build/stand-ins replaces.
const NOT_FOLLOWED_FROM = new Set(['@medusajs/admin-bundler', '@medusajs/draft-order', '@medusajs/telemetry']);

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** Finds a package as Node would from inside `folder`; null when it is optional and not installed. */
function locate(folder, name) {
  for (let at = folder; ; at = dirname(at)) {
    const candidate = at.endsWith('node_modules') ? join(at, name) : join(at, ROOT, name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (at === '.') return null;
  }
}

function reach(rootManifest) {
  const reached = new Set();
  const queue = Object.keys(rootManifest.dependencies).map((name) => ['.', name]);
  for (const [from, name] of queue) {
    if (LEFT_OUT.has(name) || name.startsWith('@types/')) continue;
    const folder = locate(from, name);
    if (folder === null || reached.has(folder)) continue;
    reached.add(folder);
    if (NOT_FOLLOWED_FROM.has(name)) continue;
    const manifest = readManifest(folder);
    const optionalPeers = manifest.peerDependenciesMeta ?? {};
    const peers = Object.keys(manifest.peerDependencies ?? {}).filter((peer) => !optionalPeers[peer]?.optional);
    const dependencies = { ...manifest.dependencies, ...manifest.optionalDependencies };
    for (const next of [...Object.keys(dependencies), ...peers]) queue.push([folder, next]);
  }
  return reached;
}

/** Every installed package, deepest first, so that a package inside a kept one is judged for itself. */
function* installed(modules) {
  for (const entry of readdirSync(modules, { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue;
    const folder = join(modules, entry.name);
    if (entry.name.startsWith('@')) yield* installedIn(readdirSync(folder).map((name) => join(folder, name)));
    else yield* installedIn([folder]);
  }
}

function* installedIn(folders) {
  for (const folder of folders) {
    if (existsSync(join(folder, ROOT))) yield* installed(join(folder, ROOT));
    yield folder;
  }
}

const UNREAD_FILE = /\.(map|d\.ts|d\.cts|d\.mts|md|markdown|tsbuildinfo|flow|ts|tsx)$/i;
const UNREAD_FOLDER = new Set([
  '__tests__',
  '__fixtures__',
  '__mocks__',
  'test',
  'tests',
  'docs',
  'example',
  'examples',
  '.github',
]);

function deleteUnreadFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (UNREAD_FOLDER.has(entry.name)) rmSync(path, { recursive: true });
      else deleteUnreadFiles(path);
    } else if (UNREAD_FILE.test(entry.name)) rmSync(path);
  }
}

const reached = reach(readManifest('.'));
let removed = 0;
for (const folder of [...installed(ROOT)]) {
  if (reached.has(folder)) continue;
  if ([...reached].some((kept) => kept.startsWith(`${folder}/`))) continue;
  rmSync(folder, { recursive: true, force: true });
  removed += 1;
}
rmSync(join(ROOT, '.bin'), { recursive: true, force: true });
rmSync(join(ROOT, '.package-lock.json'), { force: true });
deleteUnreadFiles(ROOT);
console.log(`kept ${reached.size} packages, removed ${removed}`);
