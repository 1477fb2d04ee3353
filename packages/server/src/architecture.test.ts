// The shape of the server, checked: which module may import which, and what may not be in any file.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, test } from 'node:test';

const ROOT = import.meta.dirname;

// From the top; a module may import what stands lower. Modules that share a rung do not know each other.
const LADDER: readonly (readonly string[])[] = [
  ['main'],
  ['http', 'reconcile', 'watch'],
  ['warm-pool'],
  ['snapshots'],
  ['admin'],
  ['stores'],
  ['people'],
  ['mail'],
  ['tenants', 'clusters', 'jobs', 'engines', 'events'],
  ['audit'],
  ['db', 'helm', 'kube'],
  [
    'config',
    'account-variables',
    'config-page',
    'config-values',
    'errors',
    'failpoint',
    'failpoint-names',
    'ids',
    'log',
    'metrics',
    'node-http',
    'read-config',
    'sealing',
  ],
];
// Left out: tests of the server as a whole, which belong to no module.
const TOP_LEVEL_TESTS = /^(architecture|effects|generated-docs)\.test\.ts$/;

// What acceptance tests take from the inside, though they speak to the running system.
const OF_ACCEPTANCE: Readonly<Record<string, string>> = {
  '@souk/server/engines/engine.ts': 'what an engine answers: the test engine is one, and every engine is asked for it',
  '@souk/server/engines/registry.ts': 'finds the engines whose own recipe of an order a shopper follows',
  '@souk/server/engines/shop-transport.ts': 'carries that recipe to the shop, as a shopper would',
  '@souk/server/people/providers/test-providers.ts': 'a sign-in provider on loopback: no part of the system under test',
  '@souk/local': 'which processes a platform has, asked without a program for each look: those are what is killed',
};

interface SourceFile {
  readonly path: string;
  readonly module: string;
  readonly isTest: boolean;
  readonly text: string;
}

async function readSources(): Promise<readonly SourceFile[]> {
  const entries = await readdir(ROOT, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.ts'));
  const sources = await Promise.all(
    files.map(async (entry) => {
      const path = relative(ROOT, join(entry.parentPath, entry.name));
      // Helpers and doubles are part of a module's tests, though other files import them.
      const isTest = /(\.test\.ts$|(^|\/)(test|memory)-|(^|\/)wait-until\.ts$)/.test(path);
      return { path, module: moduleOf(path), isTest, text: await readFile(join(ROOT, path), 'utf8') };
    }),
  );
  return sources.filter(({ path }) => !TOP_LEVEL_TESTS.test(path));
}

function moduleOf(path: string): string {
  return (path.split(sep)[0] ?? '').replace(/(\.test)?\.ts$/, '');
}

function rungOf(module: string): number {
  return LADDER.findIndex((rung) => rung.includes(module));
}

function importsOf({ path, text }: SourceFile): readonly string[] {
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1] ?? '');
  return specifiers.map((specifier) => relative(ROOT, resolve(ROOT, dirname(path), specifier)));
}

describe('the architecture', () => {
  test('every module has a rung on the ladder', async () => {
    const unknown = (await readSources()).filter(({ module }) => rungOf(module) === -1).map(({ path }) => path);
    assert.deepEqual(unknown, []);
  });

  test('imports lead down the ladder only, and nothing leads out of the server but packages', async () => {
    const wrong = (await readSources())
      .filter(({ isTest }) => !isTest)
      .flatMap((file) =>
        importsOf(file)
          .filter((target) => {
            const from = rungOf(file.module);
            const to = rungOf(moduleOf(target));
            // Below the ladder's last rung files may know each other: errors, log and the like.
            const isLowest = from === LADDER.length - 1 && to === from;
            return target.startsWith('..') || (moduleOf(target) !== file.module && !isLowest && to <= from);
          })
          .map((target) => `${file.path} imports ${target}`),
      );
    assert.deepEqual(wrong, []);
  });

  test('what is only for tests is imported by tests only', async () => {
    const sources = await readSources();
    const testOnly = new Set(sources.filter(({ isTest }) => isTest).map(({ path }) => path));
    const wrong = sources
      .filter(({ isTest, path }) => !isTest && path !== join('main', 'generate-docs.ts'))
      .flatMap((file) =>
        importsOf(file)
          .filter((target) => testOnly.has(target))
          .map((target) => `${file.path} imports ${target}`),
      );
    assert.deepEqual(wrong, []);
  });

  test('imports make no circle', async () => {
    const imports = new Map((await readSources()).map((file) => [file.path, importsOf(file)]));
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) {
        circles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
        return;
      }
      if (!done.has(path)) {
        for (const target of imports.get(path) ?? []) {
          visit(target, [...trail, path]);
        }
        done.add(path);
      }
    };
    for (const path of imports.keys()) {
      visit(path, []);
    }
    assert.deepEqual(circles, []);
  });

  test('no file says "any", silences the compiler, or leaves work for later', async () => {
    const forbidden = /: any\b|\bas any\b|<any>|\bany\[\]|@ts-(ignore|expect-error|nocheck)|\bTODO\b|\bFIXME\b/;
    const wrong = (await readSources()).flatMap(({ path, text }) =>
      text
        .split('\n')
        .map((line, index) => ({ line, place: `${path}:${index + 1}` }))
        .filter(({ line }) => forbidden.test(line))
        .map(({ place, line }) => `${place}: ${line.trim()}`),
    );
    assert.deepEqual(wrong, []);
  });

  test('every source file opens by saying what it owns', async () => {
    const silent = (await readSources())
      .filter(({ isTest, text }) => !isTest && text.split('\n').length > 40 && !text.startsWith('//'))
      .map(({ path }) => path);
    assert.deepEqual(silent, []);
  });

  test('no file is longer than a person can hold in mind, and most are much shorter', async () => {
    const sources = await readSources();
    const lengths = new Map(sources.map(({ path, text }) => [path, text.split('\n').length]));
    const long = sources
      .filter(({ path, isTest }) => (lengths.get(path) ?? 0) > (isTest ? 600 : 420))
      .map(({ path }) => `${path}: ${lengths.get(path)}`);
    assert.deepEqual(long, []);
    const sorted = sources
      .filter(({ isTest }) => !isTest)
      .map(({ path }) => lengths.get(path) ?? 0)
      .sort((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    assert.ok(median <= 130, `median ${median}`);
  });

  test('only the API process is kept from helm: nothing that it loads imports it', async () => {
    const imports = new Map((await readSources()).map((file) => [file.path, importsOf(file)]));
    const reached = new Set<string>();
    const visit = (path: string): void => {
      if (!reached.has(path)) {
        reached.add(path);
        for (const target of imports.get(path) ?? []) {
          visit(target);
        }
      }
    };
    visit(join('main', 'api.ts'));
    assert.deepEqual(
      [...reached].filter((path) => path.startsWith(`helm${sep}`) || path.startsWith(`reconcile${sep}`)),
      [],
    );
    assert.ok(reached.has(join('http', 'app.ts')));
  });

  test('acceptance tests import the contract and their own files, and of the inside only what is listed with its reason', async () => {
    const acceptance = resolve(ROOT, '../../../acceptance');
    const entries = await readdir(acceptance, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.ts'));
    const taken = new Map<string, string>();
    for (const { parentPath, name } of files) {
      const text = await readFile(join(parentPath, name), 'utf8');
      for (const [, specifier = ''] of text.matchAll(/(?:from|import)\s*\(?\s*'((?:\.|@souk\/)[^']+)'/g)) {
        const target = specifier.startsWith('.') ? resolve(parentPath, specifier) : specifier;
        if (target !== '@souk/contract' && !target.startsWith(acceptance + sep)) {
          taken.set(target.replace(`${ROOT}${sep}`, '@souk/server/'), relative(acceptance, join(parentPath, name)));
        }
      }
    }
    const unlisted = [...taken].filter(([target]) => !(target in OF_ACCEPTANCE));
    assert.deepEqual(unlisted, []);
    assert.deepEqual([...taken.keys()].sort(), Object.keys(OF_ACCEPTANCE).sort(), 'an exception that nobody needs');
  });
});
