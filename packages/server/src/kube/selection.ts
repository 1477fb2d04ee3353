// Whether an object is meant by a selection: the equality and existence parts of Kubernetes' selectors, which are all that Souk uses.
import type { KubeObject } from './kinds.ts';
import type { Selection } from './kube.ts';

export function matchesSelection(object: KubeObject, selection: Selection): boolean {
  const { labels = {}, namespace } = object.metadata;
  return (
    (selection.namespace === undefined || selection.namespace === namespace) &&
    terms(selection.labels).every(({ key, value, isWanted }) =>
      value === null ? key in labels : (labels[key] === value) === isWanted,
    ) &&
    terms(selection.fields).every(({ key, value, isWanted }) => (readPath(object, key) === value) === isWanted)
  );
}

interface Term {
  readonly key: string;
  /** Null: whatever it is. */
  readonly value: string | null;
  /** False for `key!=value`. */
  readonly isWanted: boolean;
}

function terms(selector: string | undefined): readonly Term[] {
  return (selector ?? '')
    .split(',')
    .filter((term) => term !== '')
    .map((term) => {
      const [key = '', value = null] = term.split(/==?|!=/);
      return { key, value, isWanted: !term.includes('!=') };
    });
}

function readPath(object: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object);
}
