// Whether an object is meant by a selection: the equality and existence parts of Kubernetes' selectors, which are all that Souk uses.
import type { KubeObject } from './kinds.ts';
import type { Selection } from './kube.ts';

export function matchesSelection(object: KubeObject, selection: Selection): boolean {
  const { labels = {}, namespace } = object.metadata;
  return (
    (selection.namespace === undefined || selection.namespace === namespace) &&
    terms(selection.labels).every(([key, value]) => (value === null ? key in labels : labels[key] === value)) &&
    terms(selection.fields).every(([path, value]) => readPath(object, path) === value)
  );
}

function terms(selector: string | undefined): readonly (readonly [key: string, value: string | null])[] {
  return (selector ?? '')
    .split(',')
    .filter((term) => term !== '')
    .map((term) => {
      const [key = '', value = null] = term.split(/==?/);
      return [key, value];
    });
}

function readPath(object: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object);
}
