// Where the server may change the outside world: only between two failpoints, so that a test can interrupt every such change.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, test } from 'node:test';

const ROOT = import.meta.dirname;

// Every method of the adapters is on one of the lists, so that a new one has to say what it is.
const CHANGING = ['apply', 'createIfAbsent', 'delete', 'exec', 'upgrade', 'uninstall', 'rollback'];
const READING = [
  ...[
    'get',
    'list',
    'listPages',
    'listMetadata',
    'watch',
    'watchMetadata',
    'listLeftovers',
    'readVersion',
    'readUsage',
    'close',
  ],
  ...['readSecret', 'readLogs', 'readRelease'],
];

/** Functions that change the world without failpoints of their own, and where; whoever calls one does so between two. */
const CALLED_BETWEEN_FAILPOINTS: Readonly<Record<string, string>> = {
  applySecret: 'reconcile/apply-secret.ts',
  deliverMail: 'mail/send-mail.ts',
};

const BRACKET = /\b(?:act|withFailpoints)\(\s*'[a-z0-9-]+'/g;
const OF_OURS = `(?<!function )\\b(?:${Object.keys(CALLED_BETWEEN_FAILPOINTS).join('|')})\\(`;
const OF_ADAPTERS = `\\b(?:kube|helm)\\s*\\.\\s*(?:${CHANGING.join('|')})\\s*\\(|\\.\\s*sendMail\\s*\\(`;

/** Up to the bracket that closes the first one after `start`. Brackets in texts would confuse it; effects have none. */
function endOfCall(text: string, start: number): number {
  let depth = 0;
  for (let index = text.indexOf('(', start); index < text.length; index += 1) {
    depth += text[index] === '(' ? 1 : text[index] === ')' ? -1 : 0;
    if (depth === 0) {
      return index;
    }
  }
  return text.length;
}

/** The changes of the world in a source text that stand in no bracket of failpoints. */
function findBareChanges(text: string, changes = `${OF_OURS}|${OF_ADAPTERS}`): readonly string[] {
  const brackets = [...text.matchAll(BRACKET)].map(({ index }) => ({ from: index, to: endOfCall(text, index) }));
  return [...text.matchAll(new RegExp(changes, 'g'))]
    .filter(({ index }) => !brackets.some(({ from, to }) => from < index && index < to))
    .map((match) => `line ${text.slice(0, match.index).split('\n').length}: ${match[0]}`);
}

async function readSources(): Promise<readonly { readonly path: string; readonly text: string }[]> {
  const entries = await readdir(ROOT, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    // Tests and doubles, and the adapters themselves.
    .filter((path) => !/(\.test\.ts$|(^|\/)(test|memory)-|^(kube|helm)\/)/.test(path));
  return await Promise.all(files.map(async (path) => ({ path, text: await readFile(join(ROOT, path), 'utf8') })));
}

describe('what changes the outside world', () => {
  test('is known to be such: each method of the adapters is listed as one that changes or one that reads', async () => {
    const texts = await Promise.all(['kube/kube.ts', 'helm/helm.ts'].map((path) => readFile(join(ROOT, path), 'utf8')));
    const interfaces = texts.flatMap((text) => [
      ...text.matchAll(/^export interface (?:Kube|StoreReader|Helm)\b[^\n]*\{\n(.*?)^\}/gms),
    ]);
    const methods = interfaces.flatMap(([, body = '']) =>
      [...body.matchAll(/^ {2}(\w+)[<(]/gm)].map(([, name = '']) => name),
    );
    assert.deepEqual(methods.sort(), [...CHANGING, ...READING].sort());
  });

  test('is recognised, within a bracket of failpoints and without', () => {
    for (const bare of [
      "await kube.delete('Pod', ref, { uid });",
      "await scope.kube\n  .apply('Secret', manifest);",
      "await scope.act('a', () => helm.upgrade(x, lease));\nawait helm.upgrade(x, lease);",
      'const run = (effect) => withFailpoints(effect, () => kube.exec(ref, program));',
      'await applySecret(scope, name, data);',
      'await transport.sendMail(mail);',
    ]) {
      assert.equal(findBareChanges(bare).length, 1, bare);
    }
    for (const fine of [
      "await act('a', () => Promise.all(items.map(({ uid }) => kube.delete('Pod', (ref), { uid }))));",
      "await withFailpoints('a', () => deliverMail(options, mail));",
      'async function deliverMail(options) {}',
      "await kube.list('Pod', {});",
      'seen.delete(name);',
    ]) {
      assert.deepEqual(findBareChanges(fine), [], fine);
    }
  });

  test('is done between two failpoints, wherever the server does it', async () => {
    const sources = await readSources();
    const bare = sources.flatMap(({ path, text }) => {
      // Their bodies are exempt, the calls of them are not.
      const isExempt = Object.values(CALLED_BETWEEN_FAILPOINTS).includes(path);
      return findBareChanges(text, isExempt ? OF_OURS : undefined).map((place) => `${path} ${place}`);
    });
    assert.deepEqual(bare, []);
    const isStale = ([name, path]: readonly [string, string]): boolean =>
      !sources.some((source) => source.path === path && source.text.includes(`function ${name}(`));
    assert.deepEqual(Object.entries(CALLED_BETWEEN_FAILPOINTS).filter(isStale), []);
  });

  test('goes through adapters that are called kube and helm everywhere, so that none is overlooked', async () => {
    const otherwise = (await readSources()).flatMap(({ path, text }) =>
      [...text.matchAll(/(\w+)\??: (?:Kube|Helm)[;,)]|\{[^{}]*\} = (?:[\w.]+\.)?(?:kube|helm);/g)]
        .filter(([, name]) => name !== 'kube' && name !== 'helm')
        .map(([found]) => `${path}: ${found}`),
    );
    assert.deepEqual(otherwise, []);
  });
});
