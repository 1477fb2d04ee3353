// Lets the double of `Helm` put its objects into the double of `Kube`.
import type { Kind } from '../kube/kinds.ts';
import { RESOURCES } from '../kube/kinds.ts';
import type { MemoryKube } from '../kube/memory-kube.ts';
import type { ObjectSink } from './memory-helm.ts';

export function createMemorySink(kube: MemoryKube): ObjectSink {
  return {
    put: (kind, ref, fields) => kube.put(asKind(kind), ref, fields),
    remove: (kind, ref) => kube.remove(asKind(kind), ref),
    listLabels: async (kind, namespace, labels) => {
      const { items } = await kube.listMetadata(asKind(kind), { namespace, labels });
      return items.map(({ metadata }) => metadata.labels ?? {});
    },
  };
}

function asKind(kind: string): Kind {
  if (!(kind in RESOURCES)) {
    throw new Error(`the double knows no ${kind}`);
  }
  return kind as Kind;
}
